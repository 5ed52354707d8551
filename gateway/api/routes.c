/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/routes.h"

#include "gateway/api/api.h"
#include "gateway/api/commit.h"

/* A route on a model, with and without a namespace in its name. */
#define MODEL_ROUTES(method, before, after, right, body, max, run) \
	{method, before "{ns}/{name}" after, right, body, max, run}, \
	{ \
		method, before "{name}" after, right, body, max, run \
	}

/* clang-format off */
static const struct route routes[] = {
	/* method, pattern, right, body, its ceiling, handler. A right of office must be held
	 * everywhere; "on model": for the model of the address; "somewhere": for at least one, and
	 * the handler asks principal_holds_on() about the one it acts on. What is "public" and yet asks who it
	 * is (authorize_person) takes any token of a person, however narrow. */
	{"GET",    "/healthz",                            "public",          BODY_NONE,   0, health},
	{"GET",    "/readyz",                             "public",          BODY_NONE,   0, ready},
	{"GET",    "/metrics",                            "public",          BODY_NONE,   0, metrics},
	{"OPTIONS", "*",                                  "public",          BODY_NONE,   0, preflight},
	{"GET",    "/openapi.json",                       "public",          BODY_NONE,   0, openapi},
	{"GET",    "/log/vkey",                           "public",          BODY_NONE,   0, log_vkey},
	{"GET",    "/log/{path...}",                      "public",          BODY_NONE,   0, log_file},

	{"GET",    "/v1/models",                          "public",          BODY_NONE,   0, openai_models},
	{"GET",    "/v1/models/{model...}",               "public",          BODY_NONE,   0, openai_model},
	{"POST",   "/v1/chat/completions",                "infer:generate",  BODY_BUFFER, API_MAX_JSON, openai_chat},
	{"POST",   "/v1/completions",                     "infer:generate",  BODY_BUFFER, API_MAX_JSON, openai_completions},

	{"GET",    "/api/whoami-v2",                      "public",          BODY_NONE,   0, hub_whoami},
	{"GET",    "/api/models",                         "public",          BODY_NONE,   0, hub_models},
	MODEL_ROUTES("GET",  "/api/models/", "",                             "public", BODY_NONE, 0, hub_model),
	MODEL_ROUTES("GET",  "/api/models/", "/revision/{revision}",         "public", BODY_NONE, 0, hub_revision),
	MODEL_ROUTES("GET",  "/api/models/", "/tree/{revision}",             "public", BODY_NONE, 0, hub_tree),
	MODEL_ROUTES("GET",  "/api/models/", "/tree/{revision}/{path...}",   "public", BODY_NONE, 0, hub_tree),
	MODEL_ROUTES("POST", "/api/models/", "/paths-info/{revision}",       "public", BODY_BUFFER, API_MAX_JSON, hub_paths_info),
	MODEL_ROUTES("GET",  "/api/models/", "/refs",                        "public", BODY_NONE, 0, hub_refs),
	MODEL_ROUTES("GET",  "/api/models/", "/commits/{revision}",          "public", BODY_NONE, 0, hub_commits),
	MODEL_ROUTES("GET",  "/api/models/", "/auth-check",                  "weights:read", BODY_NONE, 0, hub_auth_check),
	MODEL_ROUTES("GET",  "/api/models/", "/auth-check/write",            "public", BODY_NONE, 0, hub_auth_check_write),
	MODEL_ROUTES("HEAD", "/", "/resolve/{revision}/{path...}",           "weights:read", BODY_NONE, 0, hub_resolve_head),
	MODEL_ROUTES("GET",  "/", "/resolve/{revision}/{path...}",           "weights:read", BODY_NONE, 0, hub_resolve),
	MODEL_ROUTES("HEAD", "/", "/raw/{revision}/{path...}",               "weights:read", BODY_NONE, 0, hub_resolve_head),

	/* The same for clients that can send no header: the credential stands in the address. */
	MODEL_ROUTES("HEAD", "/c/{capability}/", "/resolve/{revision}/{path...}", "weights:read", BODY_NONE, 0, hub_resolve_head),
	MODEL_ROUTES("GET",  "/c/{capability}/", "/resolve/{revision}/{path...}", "weights:read", BODY_NONE, 0, hub_resolve),
	{"GET",    "/c/{capability}/{path...}",           "public",          BODY_NONE,   0, path_capability_elsewhere},

	{"POST",   "/api/repos/create",                   "models:manage somewhere",   BODY_BUFFER, API_MAX_JSON, hub_create},
	{"POST",   "/api/validate-yaml",                  "models:manage somewhere",   BODY_BUFFER, COMMIT_MAX_BODY, hub_validate_card},
	MODEL_ROUTES("PUT",  "/api/models/", "/settings",                    "models:manage on model", BODY_BUFFER, API_MAX_JSON, hub_settings),
	MODEL_ROUTES("GET",  "/api/models/", "/user-access-request/{status}", "requests:handle on model", BODY_NONE, 0, hub_access_list),
	MODEL_ROUTES("POST", "/api/models/", "/user-access-request/handle",  "requests:decide on model", BODY_BUFFER, API_MAX_JSON, hub_access_handle),
	MODEL_ROUTES("POST", "/api/models/", "/user-access-request/batch",   "requests:decide on model", BODY_BUFFER, API_MAX_JSON, hub_access_batch),
	MODEL_ROUTES("POST", "/api/models/", "/user-access-request/grant",   "requests:decide on model", BODY_BUFFER, API_MAX_JSON, hub_access_grant),
	MODEL_ROUTES("POST", "/api/models/", "/user-access-request/cancel",  "metadata:read", BODY_BUFFER, API_MAX_JSON, hub_access_cancel),
	MODEL_ROUTES("GET",  "/", "/user-access-report",                     "requests:handle on model", BODY_NONE, 0, hub_access_report),
	MODEL_ROUTES("POST", "/", "/ask-access",                             "metadata:read", BODY_BUFFER, API_MAX_JSON, hub_ask_access),
	MODEL_ROUTES("POST", "/api/models/", "/preupload/{revision}",        "models:manage on model", BODY_BUFFER, API_MAX_JSON, hub_preupload),
	MODEL_ROUTES("POST", "/api/models/", "/commit/{revision}",           "models:manage on model", BODY_BUFFER, COMMIT_MAX_BODY, hub_commit),
	{"POST",   "/{ns}/{name}/info/lfs/objects/batch", "models:manage on model",   BODY_BUFFER, API_MAX_JSON, hub_lfs_batch},
	{"POST",   "/{name}/info/lfs/objects/batch",      "models:manage on model",   BODY_BUFFER, API_MAX_JSON, hub_lfs_batch},
	{"POST",   "/{ns}/{name}/info/lfs/objects/verify", "models:manage on model",  BODY_BUFFER, API_MAX_JSON, hub_verify},
	{"POST",   "/{name}/info/lfs/objects/verify",     "models:manage on model",   BODY_BUFFER, API_MAX_JSON, hub_verify},
	{"PUT",    "/upload/{capability}",                "public",          BODY_STREAM, 0, hub_upload},
	{"HEAD",   "/upload/{capability}",                "public",          BODY_NONE,   0, hub_upload_look},
	{"POST",   "/upload/{capability}",                "public",          BODY_BUFFER, API_MAX_JSON, hub_upload_complete},
	MODEL_ROUTES("POST",   "/api/models/", "/branch/{branch}",        "models:manage on model", BODY_BUFFER, API_MAX_JSON, hub_branch_create),
	MODEL_ROUTES("DELETE", "/api/models/", "/branch/{branch}",        "models:manage on model", BODY_NONE, 0, hub_branch_delete),
	MODEL_ROUTES("POST",   "/api/models/", "/tag/{revision}",            "models:manage on model", BODY_BUFFER, API_MAX_JSON, hub_tag_create),
	MODEL_ROUTES("DELETE", "/api/models/", "/tag/{revision}",           "models:manage on model", BODY_NONE, 0, hub_tag_delete),

	{"POST",   "/api/v1/imports",                     "models:manage somewhere",   BODY_BUFFER, API_MAX_JSON, import_start},
	{"POST",   "/api/v1/terms",                       "models:manage somewhere",   BODY_BUFFER, STORE_TERMS_MAX, terms_add},
	{"GET",    "/api/v1/terms/{sha256}",              "public",          BODY_NONE,   0, terms_get},
	MODEL_ROUTES("POST", "/api/v1/models/", "/disable",                  "models:manage on model", BODY_BUFFER, API_MAX_JSON, model_disable),
	MODEL_ROUTES("POST", "/api/v1/models/", "/enable",                   "models:manage on model", BODY_BUFFER, API_MAX_JSON, model_enable),
	MODEL_ROUTES("POST", "/api/v1/models/", "/shred",                    "models:manage on model", BODY_BUFFER, API_MAX_JSON, model_shred),
	MODEL_ROUTES("GET",  "/api/v1/models/", "/sealed/{revision}/{path...}", "models:manage on model", BODY_NONE, 0, model_sealed),
	MODEL_ROUTES("GET",  "/api/v1/models/", "/criteria",                 "public", BODY_NONE, 0, criteria_get),
	MODEL_ROUTES("POST", "/api/v1/models/", "/criteria",                 "models:manage on model", BODY_BUFFER, API_MAX_JSON, criteria_draft),
	MODEL_ROUTES("GET",  "/api/v1/models/", "/criteria/versions",        "models:manage on model", BODY_NONE, 0, criteria_versions),
	MODEL_ROUTES("POST", "/api/v1/models/", "/criteria/{sha256}/propose", "models:manage on model", BODY_BUFFER, API_MAX_JSON, criteria_propose),
	MODEL_ROUTES("POST", "/api/v1/models/", "/criteria/{sha256}/activate", "models:manage on model", BODY_BUFFER, API_MAX_JSON, criteria_activate),
	MODEL_ROUTES("POST", "/api/v1/models/", "/criteria/try",             "metadata:read", BODY_BUFFER, API_MAX_JSON, criteria_try),
	MODEL_ROUTES("GET",  "/api/v1/models/", "/blocklist",                "models:manage on model", BODY_NONE, 0, blocklist_get),
	MODEL_ROUTES("POST", "/api/v1/models/", "/blocklist",                "models:manage on model", BODY_BUFFER, API_MAX_JSON, blocklist_add),
	MODEL_ROUTES("DELETE", "/api/v1/models/", "/blocklist/{id}",         "models:manage on model", BODY_NONE, 0, blocklist_end),
	{"GET",    "/transparency",                       "public",          BODY_NONE,   0, transparency_page},
	{"GET",    "/api/v1/transparency",                "public",          BODY_NONE,   0, transparency_json},
	{"POST",   "/api/v1/policy/replay",               "models:manage somewhere", BODY_BUFFER, API_MAX_JSON, policy_replay},
	{"POST",   "/api/v1/policy/replay/decisions",     "audit:read",      BODY_BUFFER, API_MAX_JSON, policy_replay_decisions},
	MODEL_ROUTES("GET",  "/api/v1/models/", "/form",                     "public", BODY_NONE, 0, model_form_get),
	MODEL_ROUTES("PUT",  "/api/v1/models/", "/form",                     "models:manage on model", BODY_BUFFER, API_MAX_JSON, model_form_put),
	MODEL_ROUTES("DELETE", "/api/v1/models/", "/form",                   "models:manage on model", BODY_NONE, 0, model_form_delete),

	{"POST",   "/api/v1/persons",                     "persons:manage",  BODY_BUFFER, API_MAX_JSON, person_add},
	{"GET",    "/api/v1/persons",                     "persons:manage",  BODY_NONE,   0, person_list},
	{"POST",   "/api/v1/sessions",                    "public",          BODY_BUFFER, API_MAX_JSON, session_create},
	{"GET",    "/api/v1/sessions",                    "metadata:read",   BODY_NONE,   0, session_list},
	{"DELETE", "/api/v1/sessions",                    "public",          BODY_NONE,   0, session_end},
	{"GET",    "/api/v1/sessions/current",            "public",          BODY_NONE,   0, session_current},
	{"DELETE", "/api/v1/sessions/{id}",               "metadata:read",   BODY_NONE,   0, session_revoke},
	{"PUT",    "/api/v1/password",                    "metadata:read",   BODY_BUFFER, API_MAX_JSON, password_change},
	{"POST",   "/api/v1/persons/{id}/invitation",     "persons:manage",  BODY_NONE,   0, person_invite},
	{"GET",    "/api/v1/offices",                     "persons:manage",  BODY_NONE,   0, office_list},
	{"POST",   "/api/v1/persons/{id}/offices",        "persons:manage somewhere", BODY_BUFFER, API_MAX_JSON, office_grant},
	{"DELETE", "/api/v1/persons/{id}/offices",        "persons:manage somewhere", BODY_NONE, 0, office_revoke},
	{"POST",   "/api/v1/issuers",                     "persons:manage",  BODY_BUFFER, API_MAX_JSON, issuer_add},
	{"GET",    "/api/v1/issuers",                     "metadata:read",   BODY_NONE,   0, issuer_list},
	{"DELETE", "/api/v1/issuers",                     "persons:manage",  BODY_NONE,   0, issuer_remove},
	{"POST",   "/api/v1/keys",                        "metadata:read",   BODY_BUFFER, API_MAX_JSON, key_enroll},
	{"GET",    "/api/v1/keys",                        "metadata:read",   BODY_NONE,   0, key_list},
	{"GET",    "/api/v1/approvers",                   "metadata:read",   BODY_NONE,   0, approver_list},
	{"POST",   "/api/v1/approvers",                   "persons:manage",  BODY_BUFFER, API_MAX_JSON, approver_enroll},
	{"POST",   "/api/v1/approvers/remove",            "persons:manage",  BODY_BUFFER, API_MAX_JSON, approver_remove},
	{"PUT",    "/api/v1/approvers/rule",              "persons:manage",  BODY_BUFFER, API_MAX_JSON, approver_rule},
	{"POST",   "/api/v1/licenses/{id}/statement",     "licenses:manage", BODY_BUFFER, API_MAX_JSON, license_statement},
	{"POST",   "/api/v1/access-requests/{id}/statement", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_statement},
	{"POST",   "/api/v1/tokens",                      "metadata:read",   BODY_BUFFER, API_MAX_JSON, token_create},
	{"POST",   "/api/v1/persons/{id}/tokens",         "persons:manage",  BODY_BUFFER, API_MAX_JSON, token_create_for},
	{"GET",    "/api/v1/persons/{id}/tokens",         "persons:manage",  BODY_NONE,   0, token_list_of},
	{"GET",    "/api/v1/tokens",                      "metadata:read",   BODY_NONE,   0, token_list},
	{"DELETE", "/api/v1/tokens/{id}",                 "metadata:read",   BODY_NONE,   0, token_revoke},
	{"POST",   "/api/v1/capabilities",                "weights:read",    BODY_BUFFER, API_MAX_JSON, path_capability_create},
	{"GET",    "/api/v1/capabilities",                "metadata:read",   BODY_NONE,   0, path_capability_list},
	{"DELETE", "/api/v1/capabilities/{id}",           "metadata:read",   BODY_NONE,   0, path_capability_revoke},
	{"POST",   "/api/v1/visas",                       "metadata:read",   BODY_BUFFER, API_MAX_JSON, visa_add},
	{"GET",    "/api/v1/visas",                       "metadata:read",   BODY_NONE,   0, visa_list},
	{"POST",   "/api/v1/passports",                   "metadata:read",   BODY_BUFFER, API_MAX_JSON, passport_add},
	{"POST",   "/api/v1/passports/exchange",          "metadata:read",   BODY_BUFFER, API_MAX_JSON, passport_exchange},
	{"GET",    "/api/v1/persons/{id}/identities",     "metadata:read",   BODY_NONE,   0, identity_list},
	{"POST",   "/api/v1/persons/{id}/identities",     "persons:manage",  BODY_BUFFER, API_MAX_JSON, identity_add},
	{"DELETE", "/api/v1/persons/{id}/identities",     "persons:manage",  BODY_NONE,   0, identity_remove},
	{"GET",    "/api/v1/persons/{id}/referees",       "metadata:read",   BODY_NONE,   0, referee_list},
	{"POST",   "/api/v1/persons/{id}/referees",       "metadata:read",   BODY_BUFFER, API_MAX_JSON, referee_add},
	{"POST",   "/api/v1/referees/{id}/link",          "persons:manage",  BODY_BUFFER, API_MAX_JSON, referee_link},
	{"GET",    "/api/v1/references/{secret}",         "public",          BODY_NONE,   0, reference_get},
	{"POST",   "/api/v1/references/{secret}",         "public",          BODY_BUFFER, API_MAX_JSON, reference_answer},
	{"POST",   "/api/v1/issuers/refresh",             "persons:manage",  BODY_BUFFER, API_MAX_JSON, issuer_refresh},
	{"POST",   "/api/v1/issuers/revoke-key",          "persons:manage",  BODY_BUFFER, API_MAX_JSON, issuer_revoke_key},

	{"POST",    "/api/v1/access-requests", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_submit},
	{"GET",     "/api/v1/access-requests", "metadata:read", BODY_NONE,   0, request_list},
	{"GET",     "/api/v1/access-requests/counts", "metadata:read", BODY_NONE,   0, request_counts},
	{"POST",    "/api/v1/access-requests/decide", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_decide_many},
	{"GET",     "/api/v1/access-requests/{id}", "metadata:read", BODY_NONE,   0, request_get},
	{"PUT",     "/api/v1/access-requests/{id}", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_edit},
	{"PATCH",   "/api/v1/access-requests/{id}", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_edit},
	{"POST",    "/api/v1/access-requests/{id}/submit", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_resubmit},
	{"POST",    "/api/v1/access-requests/{id}/approve", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_approve},
	{"POST",    "/api/v1/access-requests/{id}/deny", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_deny},
	{"POST",    "/api/v1/access-requests/{id}/vote", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_vote},
	{"POST",    "/api/v1/access-requests/{id}/return", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_return},
	{"POST",    "/api/v1/access-requests/{id}/close", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_close},
	{"POST",    "/api/v1/access-requests/{id}/withdraw", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_withdraw},
	{"POST",    "/api/v1/access-requests/{id}/appeal", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_appeal},
	{"POST",    "/api/v1/access-requests/{id}/comments", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_comment},
	{"POST",    "/api/v1/access-requests/{id}/recuse", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_recuse},
	{"POST",    "/api/v1/access-requests/{id}/reviewers", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_invite},
	{"POST",    "/api/v1/access-requests/{id}/delegate", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_delegate},
	{"POST",    "/api/v1/access-requests/{id}/accept", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_accept},
	{"POST",    "/api/v1/access-requests/{id}/countersign", "metadata:read", BODY_BUFFER, API_MAX_JSON, request_countersign},
	{"POST",    "/api/v1/delegations", "metadata:read", BODY_BUFFER, API_MAX_JSON, delegation_add},
	{"GET",     "/api/v1/delegations", "metadata:read", BODY_NONE,   0, delegation_list},
	{"DELETE",  "/api/v1/delegations/{id}", "metadata:read", BODY_NONE,   0, delegation_end},
	{"POST",    "/api/v1/institutions/{id}/library-cards", "metadata:read", BODY_BUFFER, API_MAX_JSON, library_card_issue},
	{"GET",     "/api/v1/institutions/{id}/library-cards", "metadata:read", BODY_NONE,   0, library_card_list},
	{"DELETE",  "/api/v1/institutions/{id}/library-cards/{card}", "metadata:read", BODY_NONE,   0, library_card_revoke},
	MODEL_ROUTES("GET",  "/api/v1/models/", "/committee", "public", BODY_NONE, 0, committee_get),
	MODEL_ROUTES("PUT",  "/api/v1/models/", "/committee", "models:manage on model", BODY_BUFFER, API_MAX_JSON, committee_set),
	{"GET",     "/api/v1/uses", "public", BODY_NONE,   0, use_list},

	{"GET",    "/api/v1/licenses",                    "metadata:read",   BODY_NONE,   0, license_list},
	{"GET",    "/api/v1/licenses/{id}",               "metadata:read",   BODY_NONE,   0, license_get},
	{"POST",   "/api/v1/licenses/{id}/revoke",        "licenses:manage somewhere", BODY_BUFFER, API_MAX_JSON, license_revoke},
	{"POST",   "/api/v1/licenses/{id}/suspend",       "licenses:manage somewhere", BODY_BUFFER, API_MAX_JSON, license_suspend},
	{"POST",   "/api/v1/licenses/{id}/reinstate",     "licenses:manage somewhere", BODY_BUFFER, API_MAX_JSON, license_reinstate},
	{"POST",   "/api/v1/licenses/{id}/renew",         "licenses:manage somewhere", BODY_BUFFER, API_MAX_JSON, license_renew},
	{"POST",   "/api/v1/licenses/{id}/renewal-request", "metadata:read", BODY_BUFFER, API_MAX_JSON, renewal_ask},
	{"GET",    "/api/v1/renewals",                    "metadata:read",   BODY_NONE,   0, renewal_list},
	{"POST",   "/api/v1/renewals/{id}/grant",         "metadata:read",   BODY_BUFFER, API_MAX_JSON, renewal_grant},
	{"POST",   "/api/v1/renewals/{id}/deny",          "metadata:read",   BODY_BUFFER, API_MAX_JSON, renewal_deny},
	{"POST",   "/api/v1/licenses/{id}/close",         "metadata:read",   BODY_BUFFER, API_MAX_JSON, license_close},
	{"POST",   "/api/v1/licenses/preview",            "licenses:manage", BODY_BUFFER, API_MAX_JSON, license_preview},
	{"POST",   "/api/v1/licenses/withdraw",           "licenses:manage", BODY_BUFFER, API_MAX_JSON, license_withdraw},
	{"POST",   "/api/v1/institution-licenses",        "licenses:manage somewhere", BODY_BUFFER, API_MAX_JSON, institution_license_issue},
	{"GET",    "/api/v1/institution-licenses",        "metadata:read",   BODY_NONE,   0, institution_license_list},
	{"GET",    "/api/v1/institution-licenses/{id}",   "metadata:read",   BODY_NONE,   0, institution_license_get},
	{"POST",   "/api/v1/institution-licenses/{id}/members", "metadata:read", BODY_BUFFER, API_MAX_JSON, seat_add},
	{"DELETE", "/api/v1/institution-licenses/{id}/members/{person}", "metadata:read", BODY_NONE, 0, seat_remove},
	{"POST",   "/api/v1/institution-licenses/{id}/revoke", "licenses:manage somewhere", BODY_BUFFER, API_MAX_JSON, institution_license_revoke},
	{"POST",   "/api/v1/institution-licenses/{id}/suspend", "licenses:manage somewhere", BODY_BUFFER, API_MAX_JSON, institution_license_suspend},
	{"POST",   "/api/v1/institution-licenses/{id}/reinstate", "licenses:manage somewhere", BODY_BUFFER, API_MAX_JSON, institution_license_reinstate},
	MODEL_ROUTES("POST", "/api/v1/models/", "/revisions/{revision}/recall", "models:manage on model", BODY_BUFFER, API_MAX_JSON, revision_recall),
	{"GET",    "/api/v1/recalls",                     "metadata:read",   BODY_NONE,   0, recall_list},
	{"GET",    "/api/v1/recalls/{id}",                "metadata:read",   BODY_NONE,   0, recall_get},
	{"POST",   "/api/v1/recalls/{id}/attest",         "metadata:read",   BODY_BUFFER, API_MAX_JSON, recall_attest},

	{"GET",    "/api/v1/explain",                     "metadata:read",   BODY_NONE,   0, decision_explain},
	{"GET",    "/api/v1/decisions/{id}",              "metadata:read",   BODY_NONE,   0, decision_get},
	{"GET",    "/api/v1/usage",                       "metadata:read",   BODY_NONE,   0, usage_list},
	{"POST",   "/api/v1/webhooks",                    "licenses:manage", BODY_BUFFER, API_MAX_JSON, webhook_create},
	{"GET",    "/api/v1/webhooks",                    "licenses:manage", BODY_NONE,   0, webhook_list},
	{"GET",    "/api/v1/webhooks/{id}",               "licenses:manage", BODY_NONE,   0, webhook_get},
	{"DELETE", "/api/v1/webhooks/{id}",               "licenses:manage", BODY_NONE,   0, webhook_remove},
	{"GET",    "/api/v1/notifications",               "metadata:read",   BODY_NONE,   0, notifications_get},
	{"PUT",    "/api/v1/notifications",               "metadata:read",   BODY_BUFFER, API_MAX_JSON, notifications_set},
	{"GET",    "/api/v1/persons/{id}/limits",         "persons:manage",  BODY_NONE,   0, person_limits_get},
	{"PUT",    "/api/v1/persons/{id}/limits",         "persons:manage",  BODY_BUFFER, API_MAX_JSON, person_limits_set},
	{"GET",    "/api/v1/institutions/{id}/limits",    "persons:manage",  BODY_NONE,   0, institution_limits_get},
	{"PUT",    "/api/v1/institutions/{id}/limits",    "persons:manage",  BODY_BUFFER, API_MAX_JSON, institution_limits_set},
	{"GET",    "/api/v1/audit/events",                "audit:read somewhere", BODY_NONE, 0, audit_events},
	MODEL_ROUTES("GET",  "/api/v1/models/", "/receipt/{revision}",       "weights:read", BODY_NONE, 0, revision_receipt),
	{"GET",    "/api/v1/receipts/{id}",               "metadata:read",   BODY_NONE,   0, receipt_get},
};
/* clang-format on */

const struct route *routes_table(size_t *count)
{
	*count = sizeof routes / sizeof routes[0];
	return routes;
}

bool routes_is_quick(const struct route *route)
{
	static route_fn *const quick[] = {health, hub_whoami, hub_model, hub_revision,
					  hub_resolve_head};

	for (size_t i = 0; i < sizeof quick / sizeof quick[0]; i++)
		if (route->run == quick[i])
			return true;
	return false;
}
