/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The twelve reports. What a report should tell and this gateway does not record stands in its
 * `missing`, and so in the report itself: an empty table would look like an answer.
 */
#include "schema/report/report.h"

#define COLUMNS(list) .columns = list, .column_count = sizeof list / sizeof list[0]
#define MISSING(list) .missing = list, .missing_count = sizeof list / sizeof list[0]

/* clang-format off */
#define ENTRY_COLUMNS \
	{"index", "integer", "index", "number of the entry in the log's tree"}, \
	{"row", "integer", "row", "row of a batch that shares the entry"}, \
	{"at", "time", "entry.t", "when it happened, UTC"}, \
	{"kind", "text", "entry.ev", "what happened"}
#define ACTOR_COLUMNS \
	{"actor", "text", "payload.actor.name|payload.actor.id", "who did it: an id of a person, or a name that is nobody's, as \"gateway\""}, \
	{"actor_id", "text", "payload.actor.id", "the same as an id that stays when a name changes"}

static const struct report_column decisions[] = {
	ENTRY_COLUMNS,
	ACTOR_COLUMNS,
	{"model", "text", "payload.model", "the model it is about"},
	{"person", "text", "payload.person_name|payload.person", "whose access it is about"},
	{"request", "text", "payload.request", "id of the access request"},
	{"license", "text", "payload.license", "id of the license that was given or changed"},
	{"right", "text", "payload.right|payload.rights", "the right or rights"},
	{"outcome", "text", "payload.to|payload.code", "state of the request after it; of a refused call its code"},
	{"rule", "text", "payload.rule", "the rule that decided a call"},
	{"reason", "text", "payload.reason", "the reason given"},
	{"approved", "integer", "payload.votes.approve", "votes for it so far"},
	{"denied", "integer", "payload.votes.deny", "votes against it so far"},
	{"needed", "integer", "payload.votes.needed", "votes that the model's committee demands"},
	{"signatures", "integer", "payload.approvals.#", "signatures of approvers that the entry carries"},
	{"terms", "text", "payload.terms_sha256", "SHA-256 of the text of the terms that were accepted"},
};
static const struct report_missing decisions_missing[] = {
	{"decisions that allowed a call", "they stand with what they allowed: downloads in R2, calls in R3; each has its own decision id there"},
};

static const struct report_column downloads[] = {
	ENTRY_COLUMNS,
	ACTOR_COLUMNS,
	{"model", "text", "payload.model", "the model"},
	{"revision", "text", "payload.revision", "its revision"},
	{"path", "text", "payload.path", "the file"},
	{"license", "text", "payload.license", "id of the license it rests on; none: an open file"},
	{"basis", "text", "payload.basis", "why the key was released: license, open, office"},
	{"decision", "text", "payload.decision", "id of the decision"},
	{"release", "text", "payload.release|entry.id", "id of the release that a download belongs to"},
	{"size", "integer", "payload.size", "bytes the file has"},
	{"bytes", "integer", "payload.bytes", "bytes that were delivered"},
	{"transfers", "integer", "payload.transfers", "requests it took"},
	{"ranges", "integer", "payload.ranges.#", "separate ranges that were delivered"},
	{"address", "text", "payload.address", "from where it was asked for"},
};
static const struct report_missing downloads_missing[] = {
	{"hash of a package", "files are delivered one by one as they are in the revision, whose files and SHA-256 are in the model.commit entries of R7; packages sealed to a researcher's own key are not delivered by this version"},
	{"fingerprint of the delivered weights", "this version puts no mark into what it delivers"},
};

static const struct report_column inference[] = {
	ENTRY_COLUMNS,
	ACTOR_COLUMNS,
	{"model", "text", "payload.model", "the model"},
	{"revision", "text", "payload.revision", "its revision"},
	{"adapter", "text", "payload.adapter_name", "the adapter on top of it"},
	{"license", "text", "payload.license", "id of the license it rests on"},
	{"right", "text", "payload.right", "the right that was used"},
	{"route", "text", "payload.route", "which kind of call"},
	{"decision", "text", "payload.decision", "id of the decision"},
	{"call", "text", "payload.call|entry.id", "id of the call: the same in its first and its last entry"},
	{"finish", "text", "payload.finish", "how it ended"},
	{"prompt_tokens", "integer", "payload.prompt_tokens", "tokens that went in"},
	{"completion_tokens", "integer", "payload.completion_tokens", "tokens that came out"},
	{"address", "text", "payload.address", "from where it was asked for"},
};

static const struct report_column safety[] = {
	ENTRY_COLUMNS,
	ACTOR_COLUMNS,
	{"model", "text", "payload.model", "the model"},
	{"person", "text", "payload.person_name|payload.name|payload.person", "whom it concerns"},
	{"license", "text", "payload.license", "id of the license"},
	{"code", "text", "payload.code|payload.why", "code of the refusal"},
	{"finish", "text", "payload.finish", "how a call ended"},
	{"reason", "text", "payload.reason", "the reason given"},
};
static const struct report_missing safety_missing[] = {
	{"hazard of each stopped answer, and rule and place of what was found", "this version has no filter of content: what ends here are calls that a license, a quota or an administrator ended"},
	{"false positives that were appealed", "there is no filter of content whose findings could be appealed; appeals against denied requests are in R1"},
};

static const struct report_column keys[] = {
	ENTRY_COLUMNS,
	ACTOR_COLUMNS,
	{"person", "text", "payload.person_name|payload.person", "whose key or credential it is"},
	{"key", "text", "payload.public|payload.key|payload.kid|payload.credential|payload.session|payload.blob", "the key or credential; never a secret"},
	{"key_kind", "text", "payload.key_kind", "its kind"},
	{"issuer", "text", "payload.iss", "whose keys they are, of issuers of visas"},
	{"digest", "text", "payload.jwks_sha256|payload.header_sha256|payload.log_vkey", "digest of a set of keys or of a sealed header; key of the log"},
	{"model", "text", "payload.model", "the model whose files it seals or opens"},
	{"path", "text", "payload.path", "the file"},
	{"rights", "text", "payload.rights", "what a credential may do"},
	{"expires", "text", "payload.expires", "when it ends; a number is of seconds since 1970"},
	{"signatures", "integer", "payload.approvals.#", "signatures of approvers that the entry carries"},
	{"reason", "text", "payload.reason", "the reason given"},
};
static const struct report_missing keys_missing[] = {
	{"rotation of the root key and of the keys that seal", "this version makes them once, at gateway.init, and has no act that rotates them"},
	{"unsealing by shares or a hardware module", "the gateway unseals from a file; its start leaves an entry gateway.start where it leaves one"},
};

static const struct report_column policy[] = {
	ENTRY_COLUMNS,
	ACTOR_COLUMNS,
	{"model", "text", "payload.model", "the model whose policy it is"},
	{"person", "text", "payload.person_name|payload.name|payload.person", "whom it concerns"},
	{"what", "text", "payload.criteria|payload.form_sha256|payload.terms_sha256|payload.offices|payload.origin", "digest of the criteria, form or terms; the offices; the log"},
	{"version", "integer", "payload.version|payload.form_version|payload.rules", "version of the form or terms; how many rules criteria have"},
	{"gate", "text", "payload.gate", "how the model is gated"},
	{"setting", "text", "payload.rule|payload.limits|payload.open_paths|payload.needed", "what else was set"},
	{"signatures", "integer", "payload.approvals.#", "signatures of approvers that the entry carries"},
	{"reason", "text", "payload.reason", "the reason given"},
};
static const struct report_missing policy_missing[] = {
	{"the settings file of the operator", "it is read at start and is no act; this version does not write its digest to the log"},
};

static const struct report_column dossier[] = {
	ENTRY_COLUMNS,
	ACTOR_COLUMNS,
	{"model", "text", "payload.model", "the model (Annex XI section 1, 1: general description)"},
	{"revision", "text", "payload.revision", "its revision (1 c: date of release is the time of the entry)"},
	{"branch", "text", "payload.branch|payload.tag", "its branch or tag"},
	{"files", "integer", "payload.files.#", "how many files it has"},
	{"paths", "text", "payload.files.*.path", "their names (1 e: format)"},
	{"manifest", "text", "payload.manifest_sha256", "SHA-256 of the manifest, which has the SHA-256 of each file"},
	{"source", "text", "payload.source", "where it was taken from"},
	{"gate", "text", "payload.gate", "how it is given out (1 c: methods of distribution)"},
	{"terms", "text", "payload.terms_sha256", "SHA-256 of the license text (1 f) and acceptable use (1 a)"},
	{"criteria", "text", "payload.criteria", "criteria of access"},
	{"served", "text", "payload.serve|payload.role", "can the engine here run it, or does it (Annex XII 1: means of integration)"},
	{"recall", "text", "payload.recall", "id of a recall"},
	{"reason", "text", "payload.reason", "the reason given"},
};
static const struct report_missing dossier_missing[] = {
	{"Annex XI section 1, 1(a): tasks and acceptable use", "stand in the model's card and in the text of its terms, whose SHA-256 is in the rows; the log does not hold the texts"},
	{"1(d): architecture and number of parameters", "stand in the revision's config.json and in its weights; the log has their SHA-256"},
	{"1(e): modality and format of input and output", "stand in the model's card"},
	{"2(b), 2(c): design, training, provenance and curation of data, bias detection", "are the provider's knowledge; nothing of it goes through a gateway"},
	{"2(d), 2(e): compute and energy of the training", "are the provider's knowledge; nothing of it goes through a gateway"},
	{"section 2: evaluations, adversarial tests, architecture of the system", "of models with systemic risk only; this version records no evaluations"},
	{"Annex XII 1(d), 1(e): hardware, software, sizes of input and output", "the engine's limits are told at GET /api/v1/models; they leave no entry"},
};

static const struct report_column bias[] = {
	ENTRY_COLUMNS,
	{"model", "text", "payload.model", "the model"},
	{"revision", "text", "payload.revision", "its revision"},
	{"suite", "text", "payload.suite", "which suite, and its version"},
	{"seed", "text", "payload.seed", "seed of the run"},
	{"digest", "text", "payload.sha256", "SHA-256 of the results"},
};
static const struct report_missing bias_missing[] = {
	{"results of a bias suite, with seeds and intervals", "this version runs no bias suite, so no entry tells of one"},
	{"outcome of access requests by group of persons", "the log holds no group of a person, on purpose; outcomes by model are in R1. A statistic of groups will show none of fewer than five persons"},
};

static const struct report_column incidents[] = {
	ENTRY_COLUMNS,
	ACTOR_COLUMNS,
	{"model", "text", "payload.model", "the model"},
	{"revision", "text", "payload.revision", "its revision"},
	{"person", "text", "payload.person_name|payload.person", "whom it concerns"},
	{"institution", "text", "payload.institution_name|payload.institution", "the institution"},
	{"license", "text", "payload.license", "id of the license"},
	{"key", "text", "payload.key|payload.kid|payload.credential", "the key or credential"},
	{"what", "text", "payload.recall|payload.entry|payload.iss|payload.url|payload.old_origin", "the recall, entry of the block list, issuer, webhook or log"},
	{"cause", "text", "payload.cause|payload.why|payload.code", "the cause, as a word"},
	{"reason", "text", "payload.reason", "the reason given"},
};
static const struct report_missing incidents_missing[] = {
	{"reports of serious incidents to an authority (Articles 55 and 73)", "are made by persons; the gateway records its own measures, which stand here, and no correspondence"},
	{"corrective measures outside of the gateway", "nothing of them goes through a gateway"},
};

static const struct report_column erasures[] = {
	ENTRY_COLUMNS,
	ACTOR_COLUMNS,
	{"erasure", "text", "payload.erasure|payload.hold", "id of the erasure, or of the hold that keeps it off"},
	{"subject", "text", "payload.person|payload.target", "whose data it is: an id, which names nobody once the person is erased"},
	{"scope", "text", "payload.scope|payload.on", "of what"},
	{"rule", "text", "payload.rule", "the rule of retention whose period ended"},
	{"period", "integer", "payload.months|payload.years|payload.days", "the period: of months for usage, of years for records, of days for sessions"},
	{"entries", "integer", "payload.entries", "entries whose payloads were erased"},
	{"ranges", "text", "payload.ranges", "their numbers, from and to"},
	{"override", "text", "payload.override", "why it went ahead although something spoke against it"},
	{"reason", "text", "payload.reason", "the reason given"},
};
static const struct report_missing erasures_missing[] = {
	{"what was erased", "is gone; the leaves stay in the tree, and each report says of an erased row that it is"},
};

static const struct report_column extraction[] = {
	ENTRY_COLUMNS,
	ACTOR_COLUMNS,
	{"model", "text", "payload.model", "the model"},
	{"revision", "text", "payload.revision", "its revision"},
	{"license", "text", "payload.license", "id of the license it rests on"},
	{"call", "text", "payload.call|entry.id", "id of the call"},
	{"read", "text", "payload.read.*", "what was looked at inside the model"},
	{"precision", "text", "payload.precision", "with which precision it was told"},
	{"scalars", "integer", "payload.scalars", "numbers that were told"},
	{"bits", "integer", "payload.bits", "bits that these may tell of the weights, at most"},
	{"code", "text", "payload.code", "code of a refusal"},
};
static const struct report_missing extraction_missing[] = {
	{"budgets, and what is left of them", "this version counts what is told and refuses nothing for it, so there is no budget to compare with"},
	{"answers with logprobs", "their bits are not counted by this version; calls that asked for them are in R3"},
};

static const struct report_column completeness[] = {
	{"index", "integer", "index", "number of the entry in the log's tree"},
	{"at", "time", "entry.t", "when it happened, UTC"},
	{"kind", "text", "entry.ev", "what happened"},
	{"id", "text", "entry.id", "id of the event"},
	{"commitment", "text", "entry.c", "keyed commitment to its payload"},
};
static const struct report_missing completeness_missing[] = {
	{"names of witnesses", "their signatures stand on the checkpoint in the report's receipt: audit verify --policy FILE checks them"},
};

static const struct report catalog[] = {
	{.code = "R1", .right = "", .name = "decisions", .title = "Decisions about access",
	 .question = "Who decided about whose access, when, why, with how many eyes; and which calls were refused?",
	 .kinds = "request.submit,request.approve,request.deny,request.return,request.withdraw,request.appeal,request.close,"
		  "request.reopen,request.vote,request.recuse,request.review,request.accept,request.countersign,"
		  "license.issue,license.revoke,license.suspend,license.reinstate,license.renew,license.decline,license.close,"
		  "institution.license,institution.revoke,decision.deny",
	 COLUMNS(decisions), .sums = "", .groups = "kind,model,outcome", MISSING(decisions_missing)},
	{.code = "R2", .right = "", .name = "downloads", .title = "Downloads of weights",
	 .question = "Which files left the gateway, to whom, on whose license, how many bytes?",
	 .kinds = "key.release,download.end,model.export", COLUMNS(downloads), .sums = "bytes,transfers",
	 .groups = "kind,model,actor", MISSING(downloads_missing)},
	{.code = "R3", .right = "", .name = "inference", .title = "Use of models by calls",
	 .question = "Who called which model, on whose license, and how many tokens went in and came out?",
	 .kinds = "infer.generate,infer.embed,infer.internals,infer.end", COLUMNS(inference),
	 .sums = "prompt_tokens,completion_tokens", .groups = "kind,model,actor,finish", .missing = NULL},
	{.code = "R4", .right = "", .name = "safety", .title = "Safety actions",
	 .question = "What did the gateway or its people stop, whom did it concern, and why?",
	 .kinds = "decision.deny,session.refuse,person.suspend,person.reinstate,institution.suspend,institution.reinstate,"
		  "license.suspend,license.revoke,model.disable,model.recall,policy.block,policy.unblock,adapter.reject,visa.refuse",
	 COLUMNS(safety), .sums = "", .groups = "kind,model,code", MISSING(safety_missing)},
	{.code = "R5", .right = "", .name = "keys", .title = "Keys and credentials",
	 .question = "Which keys and credentials were made, enrolled, released, revoked, and by whom?",
	 .kinds = "gateway.init,key.create,key.resume,key.release,key.enroll,key.revoke,approver.enroll,approver.remove,approver.rule,"
		  "token.create,token.revoke,capability.create,issuer.add,issuer.change,issuer.remove,issuer.keys,issuer.revoke,model.shred,"
		  "institution.certificate,institution.uncertify,workload.add,workload.remove,password.set",
	 COLUMNS(keys), .sums = "", .groups = "kind,actor", MISSING(keys_missing)},
	{.code = "R6", .right = "", .name = "policy", .title = "History of policy and settings",
	 .question = "Which rules held when, who changed them, and with whose signatures?",
	 .kinds = "gateway.init,gateway.start,log.continue,terms.add,terms.version,terms.take,model.create,model.settings,model.form,"
		  "policy.draft,policy.propose,policy.stage,policy.activate,policy.withdraw,policy.block,policy.unblock,committee.set,approver.enroll,"
		  "approver.remove,approver.rule,office.grant,office.revoke,person.limits,institution.limits,person.add",
	 COLUMNS(policy), .sums = "", .groups = "kind,model", MISSING(policy_missing)},
	{.code = "R7", .right = "", .name = "dossier", .title = "Dossier of models (AI Act, Annexes XI and XII)",
	 .question = "What does the log know of each model that its technical documentation asks for?",
	 .kinds = "model.create,model.commit,model.settings,model.form,model.serve,model.disable,model.enable,model.shred,model.recall,"
		  "model.attest,terms.version,terms.take,branch.create,branch.move,branch.delete,tag.create,tag.delete,policy.activate,"
		  "adapter.commit,adapter.approve,adapter.delete",
	 COLUMNS(dossier), .sums = "", .groups = "kind,model", MISSING(dossier_missing)},
	{.code = "R8", .right = "", .name = "bias", .title = "Bias and evaluations",
	 .question = "Which evaluations of a revision were made, with which seeds, and with which results?",
	 .kinds = "model.evaluate", COLUMNS(bias), .sums = "", .groups = "model", MISSING(bias_missing)},
	{.code = "R9", .right = "", .name = "incidents", .title = "Incidents and measures",
	 .question = "What went wrong or was feared to, and what was done about it?",
	 .kinds = "model.recall,model.attest,model.disable,model.shred,license.suspend,license.revoke,institution.suspend,institution.revoke,"
		  "person.suspend,key.revoke,token.revoke,issuer.revoke,issuer.remove,policy.block,card.revoke,visa.refuse,session.refuse,"
		  "webhook.disable,log.continue,log.rebuilt,adapter.reject",
	 COLUMNS(incidents), .sums = "", .groups = "kind,model,cause", MISSING(incidents_missing)},
	{.code = "R10", .right = "", .name = "erasures", .title = "Erasures and retention",
	 .question = "Whose data was erased, on what ground, by which two people?",
	 .kinds = "erasure.ask,erasure.reject,erasure.override,erasure.confirm,erasure.run,retention.run,retention.ask,retention.confirm,"
		  "retention.reject,hold.place,hold.lift",
	 COLUMNS(erasures), .sums = "entries", .groups = "kind,scope,rule", MISSING(erasures_missing)},
	{.code = "R11", .name = "extraction", .title = "Ledger of extraction",
	 .question = "How much of each model's inside was told, to whom?",
	 .kinds = "infer.internals,infer.end", .right = "internals:read",
	 COLUMNS(extraction), .sums = "scalars,bits", .groups = "model,actor",
	 MISSING(extraction_missing)},
	{.code = "R12", .right = "", .name = "completeness", .title = "Completeness of the log",
	 .question = "Is every entry of the log there, in one tree under one signed checkpoint, with no gap?",
	 .kinds = "", .of_entries = true, COLUMNS(completeness), .sums = "", .groups = "kind", MISSING(completeness_missing)},
};
/* clang-format on */

const struct report *const report_catalog = catalog;
const size_t report_catalog_count = sizeof catalog / sizeof catalog[0];

const struct report *report_of(struct slice name)
{
	for (size_t i = 0; i < report_catalog_count; i++)
		if (slice_equal(name, slice_of_string(catalog[i].name)) ||
		    slice_equal(name, slice_of_string(catalog[i].code)))
			return &catalog[i];
	return NULL;
}
