/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.h - the one table of what the edge serves (routes.c), and the handlers it names, a file
 * a subject. A route without a right does not start.
 */
#ifndef GATEWAY_API_ROUTES_H
#define GATEWAY_API_ROUTES_H

#include <stdbool.h>

#include "gateway/edge/route.h"

const struct route *routes_table(size_t *count);

/* For edge_options: those that answer from memory, as a rule (recall.h), or from none. */
bool routes_is_quick(const struct route *route);

/* console.c: the web console */
route_fn console_page, console_asset;
/* hub_info.c: what there is, and who asks */
route_fn hub_model, hub_revision, hub_whoami, hub_auth_check, hub_auth_check_write;
/* hub_models.c, hub_tree.c, hub_history.c: lists of models, of files, of revisions */
route_fn hub_models, hub_tree, hub_paths_info, hub_refs, hub_commits;
/* hub_resolve.c: the files themselves */
route_fn hub_resolve, hub_resolve_head;
/* path_capability.c: for clients that can send no header */
route_fn path_capability_create, path_capability_list, path_capability_revoke,
	path_capability_elsewhere;
/* hub_upload.c: their way in */
route_fn hub_create, hub_preupload;
/* hub_lfs.c: the large ones */
route_fn hub_lfs_batch, hub_upload, hub_upload_look, hub_upload_complete, hub_verify;
/* hub_access.c, hub_handle.c, hub_ask.c: access requests as the Hub's clients see them */
route_fn hub_access_list, hub_access_report, hub_access_handle, hub_access_batch, hub_access_grant,
	hub_access_cancel, hub_ask_access;
/* form.c: what a model asks of those who ask for it */
route_fn model_form_get, model_form_put, model_form_delete;
/* hub_branches.c: branches and tags */
route_fn hub_branch_create, hub_branch_delete, hub_tag_create, hub_tag_delete;
/* hub_card.c: what the Hub would say of a model card */
route_fn hub_validate_card;
/* model_settings.c */
route_fn hub_settings;
/* preflight.c: OPTIONS, whatever the path */
route_fn preflight;
/* hub_commit.c: a revision */
route_fn hub_commit;
/* engines.c, pins.c: models in service */
route_fn engines_list, model_pin, model_quantize, model_unpin, model_unload;
/* models.c: administration of models */
route_fn model_disable, model_enable, model_shred, model_sealed, terms_add, terms_get;
/* model/care.c: models for those who keep them */
route_fn model_care_list, model_care_get;
/* imports.c: models of other hubs */
route_fn import_start;
/* people.c: persons and keys */
route_fn person_add, person_list, person_get, key_enroll, key_list;
/* session.c, signin.c: with a browser */
route_fn session_create, session_current, session_list, session_revoke, session_end,
	password_change, person_invite;
/* device.c, device_page.c: devices without a browser */
route_fn device_begin, device_approve, device_page, device_answer, oauth_token;
/* oidc_signin.c: at an identity provider */
route_fn oidc_list, oidc_start, oidc_callback;
/* workload.c */
route_fn workload_add, workload_list, workload_remove;
/* person_life.c, institutions.c */
route_fn person_suspend, person_reinstate, key_revoke, institution_list, institution_get,
	institution_add, institution_suspend, institution_reinstate, member_add, member_end;
/* tokens.c */
route_fn token_create, token_create_for, token_list, token_list_of, token_revoke;
/* office.c */
route_fn office_grant, office_revoke, office_list;
/* issuers.c, visas.c */
route_fn issuer_add, issuer_change, issuer_impact, issuer_list, issuer_remove, issuer_refresh,
	issuer_revoke_key;
route_fn visa_add, visa_list, passport_add, passport_exchange;
/* model_terms.c, accept_terms.c: versions of a model's terms, and their acceptance */
route_fn model_terms_add, model_terms_list, license_accept_terms;
/* approvers.c */
route_fn approver_list, approver_enroll, approver_remove, approver_rule;
/* identities.c, referees.c */
route_fn identity_list, identity_add, identity_remove;
/* license_visa.c: our licenses as visas */
route_fn our_keys, license_visa;
route_fn referee_add, referee_list, referee_link, reference_get, reference_answer;
/* submit.c: what its owner does with a request */
route_fn request_submit, request_edit, request_resubmit, request_withdraw, request_appeal;
/* requests.c: how requests are looked at */
route_fn request_list, request_counts, request_get;
/* verdicts.c: what deciders and handlers do with one */
route_fn request_approve, request_deny, request_vote, request_return, request_close,
	request_decide_many, request_statement;
/* deliberate.c */
route_fn request_comment, request_recuse, request_invite, request_delegate;
route_fn delegation_add, delegation_list, delegation_end;
/* accessors.c: others who get access by one, and who signs for them */
route_fn request_accept, request_countersign;
route_fn library_card_issue, library_card_list, library_card_revoke;
/* committees.c: how a model's requests are decided */
route_fn committee_get, committee_set, use_list;
/* licenses.c */
route_fn license_list, license_get, license_revoke, license_suspend, license_reinstate;
/* renewals.c, closeout.c: how they go on, how their holders end them */
route_fn license_renew, license_statement, renewal_ask, renewal_list, renewal_grant, renewal_deny,
	license_close;
/* withdrawals.c: many at once */
route_fn license_preview, license_withdraw, institution_license_revoke, institution_license_suspend,
	institution_license_reinstate;
/* institution_licenses.c, seats.c */
route_fn institution_license_issue, institution_license_list, institution_license_get, seat_add,
	seat_remove;
/* documents.c, license_status.c: for those who do not ask the gateway */
route_fn license_take_along, license_sd_jwt, license_issuer, status_licenses, status_licenses_more;
/* recalls.c: revisions that nobody is to have any more */
route_fn revision_recall, recall_list, recall_get, recall_attest;
/* decisions.c */
route_fn decision_explain, decision_get;
/* adapters.c, adapter_files.c, adapter_check.c: what licensees bring for a model */
route_fn adapter_list, adapter_create, adapter_get, adapter_delete, adapter_put_file,
	adapter_validate, adapter_submit, adapter_withdraw, adapter_approve, adapter_reject;
/* criteria.c, criteria_replay.c, blocklist.c: who may have a model */
route_fn criteria_get, criteria_draft, criteria_versions, criteria_propose, criteria_activate,
	criteria_withdraw, criteria_check, criteria_test, criteria_try, policy_replay,
	policy_replay_decisions, blocklist_get, blocklist_add, blocklist_end, blocked_list,
	blocked_add, blocked_end;
/* webhooks.c */
route_fn webhook_create, webhook_list, webhook_get, webhook_remove, notifications_get,
	notifications_set;
/* usage.c, limits.c */
route_fn usage_list, person_limits_get, person_limits_set, institution_limits_get,
	institution_limits_set, institution_certificate_set, institution_certificate_get,
	institution_certificate_remove;
/* transparency.c: how access is given */
route_fn transparency_page, transparency_json;
/* log.c: the public log, receipts, queries */
route_fn receipt_list;
route_fn log_file, log_vkey, receipt_get, revision_receipt, log_witnesses;
route_fn audit_events, audit_summary, audit_export, audit_live, audit_completeness;
route_fn report_list, report_make, report_get;
/* erasure/: what is known of a person goes, what has been kept long enough, and what is held */
route_fn erasure_ask, erasure_list, erasure_get, erasure_confirm, erasure_reject, erasure_preview,
	hold_place, hold_list, hold_lift, retention_get, retention_ask, retention_confirm,
	retention_reject;
route_fn audit_saved_add, audit_saved_list, audit_saved_remove;
/* openai.c */
route_fn openai_models, openai_model, openai_chat, openai_completions, openai_embeddings,
	infer_internals, texts_tokenize, texts_detokenize;
/* health.c */
route_fn health, ready, metrics, openapi;

#endif
