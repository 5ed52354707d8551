/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - every subcommand: name, words, options, how many words, summary, function. The
 * table makes the dispatch, the usage and the prototypes; each function stands in the file that
 * is named after its subject.
 */
#ifndef GATEWAY_CLI_COMMANDS_H
#define GATEWAY_CLI_COMMANDS_H

#include "gateway/cli/cli.h"
#include "gateway/cli/sign_approval.h"

/* clang-format off */
#define COMMANDS(X) \
	X("init",            "",                "dir= listen= database= url-for-clients= host=+ certificate= key= escrow= approver-key= no-approver", 0, 0, "make the data directory, keys, database and first operator", command_init) \
	X("migrate",         "",                "database=",                              0, 0, "bring the database to this program's schema",           command_migrate) \
	X("serve",           "",                "config=",                                0, 0, "run the gateway",                                       command_serve) \
	X("demo",            "",                "dir= port= once model= terms= signed",          0, 0, "show the main job from end to end on this machine",     command_demo) \
	X("login",           "",                "token-file=",                            0, 0, "keep url, ca and token for later commands; without a token, get one by a browser",         command_login) \
	X("whoami",          "",                "",                                       0, 0, "who the token stands for",                              command_whoami) \
	X("person add",      "NAME",            "office=+ email=",                        1, 1, "add a person; prints their first token, once",          command_person_add) \
	X("person list",     "",                "",                                       0, 0, "all persons",                                           command_person_list) \
	X("office grant",    "PERSON OFFICE...", "scope= until=",                         2, 8, "give offices: handler, decider, administrator, auditor, operator, or single rights", command_office_grant) \
	X("office revoke",   "PERSON OFFICE",   "scope=",                                 2, 2, "take an office back",                                   command_office_revoke) \
	X("office list",     "",                "",                                       0, 0, "who holds which offices",                               command_office_list) \
	X("person suspend",  "PERSON",          "reason=",                                1, 1, "let nothing of a person count for now",                 command_person_suspend) \
	X("person reinstate", "PERSON",         "reason=",                                1, 1, "let a suspended person in again",                       command_person_reinstate) \
	X("person block",    "PERSON",          "reason=",                                1, 1, "let no license of a person count, for any model, until that ends", command_person_block) \
	X("person unblock",  "ENTRY",           "",                                       1, 1, "end that",                                              command_person_unblock) \
	X("person blocked",  "",                "",                                       0, 0, "who is blocked for all models",                         command_person_blocked) \
	X("institution add", "NAME",            "kind= country= domain=+",                1, 1, "add an institution",                                    command_institution_add) \
	X("institution list", "",               "",                                       0, 0, "institutions",                                          command_institution_list) \
	X("institution show", "NAME",           "",                                       1, 1, "an institution and its members",                        command_institution_show) \
	X("institution certificate", "NAME",    "issuer= organization= required remove",  1, 1, "which client certificate its members come with; --required: nothing of theirs counts without it", command_institution_certificate) \
	X("institution suspend", "NAME",        "",                                       1, 1, "let an institution count for nothing for now",          command_institution_suspend) \
	X("institution reinstate", "NAME",      "",                                       1, 1, "let it count again",                                    command_institution_reinstate) \
	X("member add",      "INSTITUTION PERSON", "official",                            2, 2, "somebody belongs to it, perhaps as an official who signs", command_member_add) \
	X("member end",      "INSTITUTION PERSON", "official",                            2, 2, "somebody leaves it",                                    command_member_end) \
	X("recover-admin",   "",                "config= name=",                          0, 0, "on the gateway's machine: let an administrator in where none is left", command_recover_admin) \
	X("key revoke",      "ID",              "reason=",                                1, 1, "a key that was lost signs nothing more",                command_key_revoke) \
	X("person invite",   "PERSON",          "",                                       1, 1, "make a code, good once, with which they set a password", command_person_invite) \
	X("issuer add",      "ISS",             "jwks= jku= token-endpoint= client-credential=", 1, 1, "let the visas of an issuer count: by its keys, or the address it publishes them at", command_issuer_add) \
	X("issuer list",     "",                "",                                       0, 0, "issuers whose visas count",                             command_issuer_list) \
	X("issuer remove",   "ISS",             "",                                       1, 1, "let them count no more",                                command_issuer_remove) \
	X("issuer refresh",  "ISS",             "",                                       1, 1, "fetch its keys now",                                    command_issuer_refresh) \
	X("issuer revoke-key", "ISS KID",       "reason=",                                2, 2, "let nothing count that this key signed",                command_issuer_revoke_key) \
	X("identity list",   "PERSON",          "",                                       1, 1, "which subjects of issuers are this person",             command_identity_list) \
	X("identity add",    "PERSON ISS SUB",  "reason=",                                3, 3, "say that a subject is this person",                     command_identity_add) \
	X("identity remove", "PERSON ISS SUB",  "reason=",                                3, 3, "take it back, with the visas that came by it",          command_identity_remove) \
	X("referee list",    "PERSON",          "",                                       1, 1, "who was asked to vouch for this person",                command_referee_list) \
	X("referee add",     "PERSON NAME EMAIL", "",                                     3, 3, "name somebody who can vouch for this person",           command_referee_add) \
	X("referee link",    "ID",              "",                                       1, 1, "a link for a referee to answer by, good once",          command_referee_link) \
	X("key enroll",      "",                "key-file= name=",                        0, 0, "enroll the key that signs terms; made if there is none", command_key_enroll) \
	X("key status",      "",                "",                                       0, 0, "the gateway's state and public keys, and your own keys", command_key_status) \
	X("approver list",   "",                "model=",                                 0, 0, "whose signatures have licenses signed, and how many it takes", command_approver_list) \
	X("approver enroll", "PUBLIC PERSON",   SIGN_APPROVAL_OPTIONS,                    2, 2, "let a colleague's key count as an approver's",           command_approver_enroll) \
	X("approver remove", "PUBLIC",          SIGN_APPROVAL_OPTIONS,                    1, 1, "let an approver's key count no more",                   command_approver_remove) \
	X("approver rule",   "COUNT",           "model= " SIGN_APPROVAL_OPTIONS,          1, 1, "how many different approvers must sign",                command_approver_rule) \
	X("approver first",  "",                "config= public= person= recover",        0, 0, "enroll the first approver, on the gateway's machine while it is stopped", command_approver_first) \
	X("model gate",      "MODEL GATE",      "open=+ right=+ days= criteria= " SIGN_APPROVAL_OPTIONS, 2, 2, "close a model (manual), or open it (auto, no, public)", command_model_gate) \
	X("token create",    "",                "name= days= right=+ model=+ address=+ person=", 0, 0, "make another access token, perhaps narrower, or one for somebody else", command_token_create) \
	X("device approve",  "CODE",            "right=+ model=+ address=+ days= deny",   1, 1, "let a device that shows this code act as you, or (--deny) not", command_device_approve) \
	X("token list",      "",                "",                                       0, 0, "your access tokens",                                    command_token_list) \
	X("token revoke",    "ID",              "",                                       1, 1, "end an access token",                                   command_token_revoke) \
	X("capability create", "MODEL",         "revision= minutes=",                     1, 1, "an address that serves one model for a while, without a token", command_capability_create) \
	X("capability list", "",                "",                                       0, 0, "your capabilities",                                     command_capability_list) \
	X("capability revoke", "ID",            "",                                       1, 1, "end a capability",                                      command_capability_revoke) \
	X("visa add",        "FILE",            "",                                       1, 1, "present a GA4GH visa or passport (a JWT)",              command_visa_add) \
	X("visa list",       "",                "",                                       0, 0, "visas you have presented",                              command_visa_list) \
	X("model import",    "NAME PATH|SOURCE","revision= license-terms= gated= public open=+ hidden allow-pickle endpoint= source-token-file=", 2, 2, "seal a directory, hf:ORG/NAME or https://HOST/ORG/NAME",            command_model_import) \
	X("model list",      "",                "",                                       0, 0, "models you may know of",                                command_model_list) \
	X("model show",      "NAME",            "revision=",                              1, 1, "a model and its files",                                 command_model_show) \
	X("model disable",   "NAME",            "reason=",                                1, 1, "refuse every use of a model",                           command_model_disable) \
	X("model enable",    "NAME",            "reason=",                                1, 1, "allow its use again",                                   command_model_enable) \
	X("model shred",     "NAME",            "reason= yes",                            1, 1, "destroy a model's keys, for good",                      command_model_shred) \
	X("model sealed",    "NAME PATH OUT",   "revision=",                              3, 3, "save a file as it is sealed, as one age file",          command_model_sealed) \
	X("model form",      "NAME [FILE]",     "card",                                   1, 2, "what a model asks of those who ask for it; from a file (JSON), or --card: as its card says", command_model_form) \
	X("request",         "MODEL",           "use= accept-terms right=+ field=+ key-file= code=+ accessor=+ lead= institution=", 1, 1, "ask for access: read the terms, sign them, say why",    command_request) \
	X("requests",        "",                "state= model= search= mine assigned waiting", 0, 0, "requests for access",                                   command_requests) \
	X("approve",         "ID",              "reason= right=+ days= limit=+ region=+ code=+ plan= " SIGN_APPROVAL_OPTIONS, 1, 1, "vote to approve, with your key where there are approvers; the deciding vote issues the license", command_approve) \
	X("deny",            "ID",              "reason=",                                1, 1, "vote to deny a request",                                command_deny) \
	X("requests show",   "ID",              "",                                       1, 1, "a request: its history, comments, votes and clock",     command_requests_show) \
	X("requests decide", "approve|deny ID...", "reason=",                             2, 101, "vote on many requests at once",                      command_requests_decide) \
	X("submit",          "ID",              "reason=",                                1, 1, "submit a draft, or a returned request again",           command_submit) \
	X("accept",          "ID",              "accept-terms key-file=",                 1, 1, "accept the terms as an accessor of a request",          command_accept) \
	X("return",          "ID",              "reason= change=+",                       1, 1, "return a request for changes",                          command_return) \
	X("withdraw",        "ID",              "reason=",                                1, 1, "withdraw a request of your own",                        command_withdraw) \
	X("appeal",          "ID",              "reason=",                                1, 1, "appeal a denial; somebody else decides",                command_appeal) \
	X("close",           "ID",              "reason=",                                1, 1, "close a request that is decided",                       command_close) \
	X("comment",         "ID TEXT",         "committee requester",                    2, 2, "say something about a request",                         command_comment) \
	X("recuse",          "ID",              "reason=",                                1, 1, "declare a conflict of interest",                        command_recuse) \
	X("review",          "ID PERSON",       "reason=",                                2, 2, "invite somebody to read a request and comment",         command_review) \
	X("delegate",        "PERSON",          "until= request= model= reason=",         1, 1, "let somebody vote in your place until a time",          command_delegate) \
	X("countersign",     "ID",              "reason=",                                1, 1, "sign a request for its institution",                    command_countersign) \
	X("committee show",  "MODEL",           "",                                       1, 1, "how requests for a model are decided",                  command_committee_show) \
	X("committee set",   "MODEL",           "file=",                                  1, 1, "set it from a file of JSON (- is standard input)",      command_committee_set) \
	X("card issue",      "INSTITUTION PERSON", "days= reason=",                       2, 2, "vouch for a member of your institution",                command_card_issue) \
	X("card list",       "INSTITUTION",     "",                                       1, 1, "library cards of an institution",                       command_card_list) \
	X("card revoke",     "INSTITUTION CARD","",                                       2, 2, "take a library card back",                              command_card_revoke) \
	X("usage",           "",                "",                                       0, 0, "what you have used, and what is left of your limits",   command_usage) \
	X("webhook add",     "URL",             "kind=+ model=",                          1, 1, "tell an endpoint of events; prints its secret, once",   command_webhook_add) \
	X("webhook list",    "",                "",                                       0, 0, "endpoints that are told",                               command_webhook_list) \
	X("webhook show",    "ID",              "",                                       1, 1, "what was sent to one, and how it went",                 command_webhook_show) \
	X("webhook remove",  "ID",              "",                                       1, 1, "tell it no more",                                       command_webhook_remove) \
	X("notifications",   "",                "mail=+ no-mail=+ all",                   0, 0, "what you get by mail; --no-mail 'request.*', --all",    command_notifications) \
	X("limits show",     "KIND ID",         "",                                       2, 2, "how much a person or an institution may use",           command_limits_show) \
	X("limits set",      "KIND ID",         "limit=+",                                2, 2, "set that: --limit requests/day=1000; none ends them all", command_limits_set) \
	X("license list",    "",                "",                                       0, 0, "licenses",                                              command_license_list) \
	X("license show",    "ID",              "out=",                                   1, 1, "a license with its signed document",                    command_license_show) \
	X("license revoke",  "ID",              "reason=",                                1, 1, "end a license for good",                                command_license_revoke) \
	X("license suspend", "ID",              "reason=",                                1, 1, "stop a license for now",                                command_license_suspend) \
	X("license reinstate", "ID",            "reason=",                                1, 1, "let a suspended license count again",                   command_license_reinstate) \
	X("license renew",   "ID",              "days= " SIGN_APPROVAL_OPTIONS,           1, 1, "replace a license by one that lasts longer",            command_license_renew) \
	X("license visa",    "ID",              "seconds=",                               1, 1, "your license as a GA4GH visa, for another gateway",     command_license_visa) \
	X("license accept-terms", "ID",         "accept-terms key-file=",                 1, 1, "accept the new terms of a model for a license",        command_license_accept_terms) \
	X("model terms",     "NAME",            "",                                       1, 1, "the versions of a model's terms",                      command_model_terms) \
	X("model new-terms", "NAME FILE",       "grace-days= from=",                      2, 2, "give a model new terms, to be accepted within so many days", command_model_new_terms) \
	X("license checkout", "ID",             "days= key-id= out=",                     1, 1, "take a license along: a file that is checked offline",  command_license_checkout) \
	X("license verify",  "FILE",            "key= vkey= for=",                        1, 1, "check a saved license, or one taken along, offline",    command_license_verify) \
	X("license preview", "ACT KIND NAME",   "",                                       3, 3, "who would lose what: revoke|suspend|reinstate license|person|institution|issuer|model", command_license_preview) \
	X("license withdraw", "ACT KIND NAME",  "reason= preview=",                       3, 3, "do that, to exactly those whom the preview showed",     command_license_withdraw) \
	X("license members", "ID",              "add= remove=",                           1, 1, "who sits on an institution's license; add or remove one", command_license_members) \
	X("license report",  "ID FILE",         "publication=+",                          2, 2, "say what came of a license, and ask for its renewal",  command_license_report) \
	X("license close",   "ID",              "reason= attest= key-file=",              1, 1, "be done with a license of your own: PROJECT_COMPLETED, MOVED_INSTITUTION, TRANSFERRED or SUPERSEDED; --attest FILE says what became of the copies", command_license_close) \
	X("renewals",        "",                "state=",                                 0, 0, "who asks for a renewal, with their reports",            command_renewals) \
	X("renewal grant",   "ID",              "days= reason= " SIGN_APPROVAL_OPTIONS,   1, 1, "grant a renewal: the license is replaced by one that lasts longer", command_renewal_grant) \
	X("renewal deny",    "ID",              "reason=",                                1, 1, "deny a renewal",                                        command_renewal_deny) \
	X("adapter upload",  "MODEL DIRECTORY", "name= summary=",                         2, 2, "bring a LoRA adapter (PEFT) for a model, and have it checked", command_adapter_upload) \
	X("adapter list",    "MODEL",           "",                                       1, 1, "adapters of a model: yours, published ones, or all you administer", command_adapter_list) \
	X("adapter show",    "ADAPTER",         "",                                       1, 1, "one adapter, by MODEL:NAME or its id",                  command_adapter_show) \
	X("adapter submit",  "ADAPTER",         "",                                       1, 1, "have your adapter reviewed, so that others may use it", command_adapter_submit) \
	X("adapter withdraw", "ADAPTER",        "",                                       1, 1, "take your adapter back from review or publication",     command_adapter_withdraw) \
	X("adapter approve", "ADAPTER",         "reason=",                                1, 1, "publish somebody's adapter",                            command_adapter_approve) \
	X("adapter reject",  "ADAPTER",         "reason=",                                1, 1, "reject an adapter, or end its publication",             command_adapter_reject) \
	X("adapter delete",  "ADAPTER",         "reason=",                                1, 1, "destroy an adapter's key and files",                    command_adapter_delete) \
	X("recall",          "MODEL REVISION",  "reason= due-days=",                      2, 2, "recall a revision: nobody gets it, who has it is told", command_recall) \
	X("recalls",         "",                "",                                       0, 0, "recalled revisions: those you had files of, or all",    command_recalls) \
	X("recall attest",   "ID",              "attest= key-file=",                      1, 1, "attest that your copies of a recalled revision are gone", command_recall_attest) \
	X("engines",         "",                "",                                       0, 0, "models in service: how far loads are, memory, what is pinned", command_engines) \
	X("model pin",       "MODEL",           "reason=",                                       1, 1, "load a model at start-up, and never let it go",         command_model_pin) \
	X("model quantize",  "MODEL TYPE",      "",                                       2, 2, "keep weights in memory in 8 or 4 bits (q8_0, q4_0; w8a8: fast prompts), or as stored (none)", command_model_quantize) \
	X("model unpin",     "MODEL",           "",                                       1, 1, "let a pinned model go when its memory is needed",       command_model_unpin) \
	X("model unload",    "MODEL",           "cut",                                    1, 1, "take a model out of memory, when those who use it are done; --cut: now", command_model_unload) \
	X("pull",            "MODEL DIR",       "revision= jobs= include=+ exclude=+ force vkey= limit-rate=", 2, 2, "download a model: resumes, and checks every file against its entry in the public log", command_pull) \
	X("chat",            "MODEL [PROMPT]",  "max-tokens= temperature= seed=",         1, 2, "talk to a model",                                       command_chat) \
	X("bench",           "MODEL",           "streams= parameters= bits= admin-token=", 1, 1, "how fast a model is served: first token cold and warm, reading, writing, many at once; on the gateway's own machine beside what that can do at most. --parameters N and --bits B (of a weight in memory) say how much work a token is; a cold start needs a token that may unload models", command_bench) \
	X("explain",         "MODEL RIGHT",     "",                                       2, 2, "may I, and if not, what is missing",                    command_explain) \
	X("policy check",    "FILE",            "",                                       1, 1, "check criteria, offline: faults with their lines",     command_policy_check) \
	X("policy show",     "MODEL",           "",                                       1, 1, "the published criteria of a model",                     command_policy_show) \
	X("policy explain",  "MODEL",           "right=+ use=+",                          1, 1, "what they would say of your request, and what is missing", command_policy_explain) \
	X("policy draft",    "MODEL FILE",      "",                                       2, 2, "keep criteria as a draft",                              command_policy_draft) \
	X("policy propose",  "MODEL SHA256",    "",                                       2, 2, "propose a draft",                                       command_policy_propose) \
	X("policy activate", "MODEL SHA256",    "from=",                                  2, 2, "make active what somebody else has proposed; --from TIME: from then on", command_policy_activate) \
	X("policy withdraw", "MODEL SHA256",    "",                                       2, 2, "what is proposed, or has its day, is a draft again",    command_policy_withdraw) \
	X("policy versions", "MODEL",           "",                                       1, 1, "all versions of a model's criteria",                    command_policy_versions) \
	X("policy replay",   "[FILE]",          "model= decisions",                       0, 1, "who would gain and lose by a draft; or decide all recorded decisions anew", command_policy_replay) \
	X("policy block",    "MODEL PERSON",    "reason=",                                2, 2, "put a person on the model's blocklist",                 command_policy_block) \
	X("policy unblock",  "MODEL ENTRY",     "",                                       2, 2, "take an entry off it",                                  command_policy_unblock) \
	X("policy blocklist", "MODEL",          "",                                       1, 1, "who is on it",                                          command_policy_blocklist) \
	X("witness",         "",                "dir= listen= certificate= key=",         0, 0, "run a witness of logs (C2SP tlog-witness), for an organization of its own", command_witness) \
	X("witness init",    "",                "dir= name= host=+",                      0, 0, "make a witness: its key, and a certificate for it",     command_witness_init) \
	X("witness add-log", "VKEY",            "dir= log-url=",                          1, 1, "let a witness cosign the checkpoints of this log",      command_witness_add_log) \
	X("log new-origin",  "",                "config= origin= checkpoint=",            0, 0, "go on after a backup was put back: the stopped gateway's log gets a new origin, and says which checkpoint of the old one (from a witness) it continues", command_log_new_origin) \
	X("audit receipt",   "EVENT|FILE",      "out= state= vkey= policy= offline",      1, 1, "prove that an event is in the log; --offline: by a file alone, JSON or .tlog-proof", command_audit_receipt) \
	X("audit query",     "",                "actor= institution= region= model= license= right= decision= code= kind=+ address= from= to= text= saved= order= limit= cursor= format=", 0, 0, "search the log; --format csv or jsonl: all that is found, not a page", command_audit_query) \
	X("audit summary",   "BY",              "actor= institution= region= model= license= right= decision= code= kind=+ address= from= to= text= saved= limit=", 1, 1, "count by day, hour, model, institution, region, person, license, right, kind, decision or code", command_audit_summary) \
	X("audit export-events", "FILE",        "actor= institution= region= model= license= right= decision= code= kind=+ address= from= to= text= saved= format=", 1, 1, "all entries that filters find, into a file, checked to be whole", command_audit_export_events) \
	X("audit save",      "NAME",            "actor= institution= region= model= license= right= decision= code= kind=+ address= from= to= text=", 1, 1, "save filters by a name, for all auditors", command_audit_save) \
	X("audit saved",     "",                "",                                       0, 0, "filters that were saved",                               command_audit_saved) \
	X("audit forget",    "NAME",            "",                                       1, 1, "remove saved filters",                                  command_audit_forget) \
	X("audit receipts",  "",                "from= to= limit= cursor=",               0, 0, "what you did, each with a receipt to fetch",             command_audit_receipts) \
	X("audit verify",    "[REPORT.json]",   "dir= state= vkey= policy= license= actor= from= out= receipt= earlier= whole old-vkey= old=", 0, 1, "recompute the whole log and compare; --license, --actor (ids) or --from FILE: is an entry of these left out? --old-vkey KEY [--old DIR]: follow it into the log it continues. With a file: a signed report, offline", command_audit_verify) \
	X("audit report",    "[NAME]",          "from= to= actor= license= model= size= out= state= vkey= policy=", 0, 1, "make a signed report and take all its forms; without a name: which there are", command_audit_report) \
	X("audit erase",     "[PERSON]",        "reason= scope= override= state= confirm= reject= preview list", 0, 1, "ask to erase what is known of a person; another one says --confirm ID or --reject ID; --preview: what would go", command_audit_erase) \
	X("audit hold",      "[KIND TARGET]",   "reason= lift=",                          0, 2, "let nothing of a person, license or model be erased; --lift ID; without words: list", command_audit_hold) \
	X("audit retention", "",                "dry-run changes usage-months= record-years= reason= confirm= reject=", 0, 0, "how long what is kept, what went last; --dry-run: what is due now. --usage-months N, --record-years N ask for other periods; another one says --confirm ID or --reject ID; --changes: what was asked", command_audit_retention) \
	X("audit export",    "DIR",             "state= vkey=",                                       1, 1, "copy the public log into a directory",                  command_audit_export)
/* clang-format on */

#define COMMAND_PROTOTYPE(name, words, options, least, most, summary, run) command_fn run;
COMMANDS(COMMAND_PROTOTYPE)
#undef COMMAND_PROTOTYPE

#endif
