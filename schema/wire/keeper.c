/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/keeper.h"

static void visit_keeper_keys(struct codec *c, struct wire_keeper_keys *m)
{
	codec_bool(c, &m->sealed);
	codec_array(c, m->token_key_id, sizeof m->token_key_id);
	codec_array(c, m->token_public, sizeof m->token_public);
	codec_array(c, m->license_public, sizeof m->license_public);
	codec_text(c, &m->log_vkey, WIRE_MAX_VKEY);
	codec_text(c, &m->escrow, WIRE_MAX_RECIPIENT);
	codec_u64(c, &m->log_size);
}
WIRE_DEFINE(keeper_keys)

static void visit_key_create(struct codec *c, struct wire_key_create *m)
{
	codec_array(c, m->event, sizeof m->event);
	codec_array(c, m->blob, sizeof m->blob);
	codec_below(c, &m->porter, ROLE_MAX_INDEX);
	codec_u64(c, &m->handle);
}
WIRE_DEFINE(key_create)

static void visit_key_created(struct codec *c, struct wire_key_created *m)
{
	codec_block(c, &m->header, WIRE_MAX_HEADER);
}
WIRE_DEFINE(key_created)

static void visit_key_resume(struct codec *c, struct wire_key_resume *m)
{
	codec_array(c, m->event, sizeof m->event);
	codec_array(c, m->blob, sizeof m->blob);
	codec_block(c, &m->header, WIRE_MAX_HEADER);
	codec_below(c, &m->porter, ROLE_MAX_INDEX);
	codec_u64(c, &m->handle);
}
WIRE_DEFINE(key_resume)

static void visit_key_bind(struct codec *c, struct wire_key_bind *m)
{
	codec_array(c, m->event, sizeof m->event);
	codec_text(c, &m->model, WIRE_MAX_MODEL);
	codec_text(c, &m->revision, WIRE_MAX_REVISION);
	codec_text(c, &m->path, WIRE_MAX_PATH);
	codec_array(c, m->sha256, sizeof m->sha256);
	codec_block(c, &m->header, WIRE_MAX_HEADER);
}
WIRE_DEFINE(key_bind)

static void visit_key_bound(struct codec *c, struct wire_key_bound *m)
{
	codec_block(c, &m->header, WIRE_MAX_HEADER);
}
WIRE_DEFINE(key_bound)

static void visit_key_release(struct codec *c, struct wire_key_release *m)
{
	uint8_t role = (uint8_t)m->role;

	codec_array(c, m->event, sizeof m->event);
	codec_block(c, &m->license, WIRE_MAX_LICENSE);
	codec_array(c, m->signature, sizeof m->signature);
	codec_block(c, &m->header, WIRE_MAX_HEADER);
	codec_text(c, &m->path, WIRE_MAX_PATH);
	codec_below(c, &role, ROLE_COUNT);
	m->role = (enum role)role;
	codec_below(c, &m->index, ROLE_MAX_INDEX);
	codec_u64(c, &m->handle);
}
WIRE_DEFINE(key_release)

static void visit_license_sign(struct codec *c, struct wire_license_sign *m)
{
	codec_array(c, m->event, sizeof m->event);
	codec_block(c, &m->document, WIRE_MAX_LICENSE);
	codec_block(c, &m->replaced, WIRE_MAX_LICENSE);
	codec_array(c, m->replaced_signature, sizeof m->replaced_signature);
	codec_count(c, &m->approval_count, WIRE_MAX_APPROVALS);
	for (unsigned i = 0; i < m->approval_count; i++) {
		codec_array(c, m->approvals[i].key, sizeof m->approvals[i].key);
		codec_block(c, &m->approvals[i].statement, WIRE_MAX_STATEMENT);
		codec_array(c, m->approvals[i].signature, sizeof m->approvals[i].signature);
	}
}
WIRE_DEFINE(license_sign)

static void visit_approver_check(struct codec *c, struct wire_approver_check *m)
{
	codec_text(c, &m->kind, WIRE_MAX_CODE);
	codec_block(c, &m->payload, WIRE_MAX_PAYLOAD);
}
WIRE_DEFINE(approver_check)

static void visit_approvers(struct codec *c, struct wire_approvers *m)
{
	codec_text(c, &m->model, WIRE_MAX_MODEL);
}
WIRE_DEFINE(approvers)

static void visit_approvers_are(struct codec *c, struct wire_approvers_are *m)
{
	codec_u32(c, &m->persons);
	codec_u16(c, &m->needed);
	codec_u16(c, &m->floor);
	codec_text(c, &m->gateway, WIRE_MAX_ORIGIN);
}
WIRE_DEFINE(approvers_are)

static void visit_license_signed(struct codec *c, struct wire_license_signed *m)
{
	codec_array(c, m->signature, sizeof m->signature);
}
WIRE_DEFINE(license_signed)

static void visit_document_sign(struct codec *c, struct wire_document_sign *m)
{
	codec_array(c, m->event, sizeof m->event);
	codec_block(c, &m->text, WIRE_MAX_DOCUMENT);
	codec_block(c, &m->license, WIRE_MAX_LICENSE);
	codec_array(c, m->signature, sizeof m->signature);
}
WIRE_DEFINE(document_sign)

static void visit_document_signed(struct codec *c, struct wire_document_signed *m)
{
	codec_array(c, m->signature, sizeof m->signature);
}
WIRE_DEFINE(document_signed)

static void visit_report_sign(struct codec *c, struct wire_report_sign *m)
{
	codec_array(c, m->event, sizeof m->event);
}
WIRE_DEFINE(report_sign)

static void visit_report_signed(struct codec *c, struct wire_report_signed *m)
{
	codec_text(c, &m->note, WIRE_MAX_NOTE);
}
WIRE_DEFINE(report_signed)

static void visit_token_sign(struct codec *c, struct wire_token_sign *m)
{
	codec_array(c, m->event, sizeof m->event);
	codec_array(c, m->credential, sizeof m->credential);
	codec_u8(c, &m->flags);
	codec_u32(c, &m->expires_seconds);
}
WIRE_DEFINE(token_sign)

static void visit_token_signed(struct codec *c, struct wire_token_signed *m)
{
	codec_text(c, &m->token, WIRE_MAX_TOKEN);
}
WIRE_DEFINE(token_signed)

static void visit_pass_issue(struct codec *c, struct wire_pass_issue *m)
{
	codec_array(c, m->event, sizeof m->event);
	codec_block(c, &m->license, WIRE_MAX_LICENSE);
	codec_array(c, m->signature, sizeof m->signature);
	codec_text(c, &m->model, WIRE_MAX_MODEL);
	codec_text(c, &m->right, WIRE_MAX_RIGHT);
	codec_below(c, &m->index, ROLE_MAX_INDEX);
	codec_u64(c, &m->pass);
}
WIRE_DEFINE(pass_issue)

static void visit_log_state_is(struct codec *c, struct wire_log_state_is *m)
{
	codec_u64(c, &m->size);
	codec_array(c, m->root, sizeof m->root);
}
WIRE_DEFINE(log_state_is)

static void visit_log_entry(struct codec *c, struct wire_log_entry *m)
{
	codec_block(c, &m->leaf, WIRE_MAX_LEAF);
	codec_array(c, m->nonce, sizeof m->nonce);
	codec_block(c, &m->payload, WIRE_MAX_PAYLOAD);
}

static void visit_entry_reduce(struct codec *c, struct wire_entry_reduce *m)
{
	visit_log_entry(c, &m->entry);
}
WIRE_DEFINE(entry_reduce)

static void visit_entry_reduced(struct codec *c, struct wire_entry_reduced *m)
{
	codec_block(c, &m->facts, WIRE_MAX_PAYLOAD);
	codec_array(c, m->seal, sizeof m->seal);
}
WIRE_DEFINE(entry_reduced)

static void visit_log_append(struct codec *c, struct wire_log_append *m)
{
	codec_u64(c, &m->first);
	codec_count(c, &m->count, WIRE_MAX_LOG_ENTRIES);
	for (unsigned i = 0; i < m->count; i++)
		visit_log_entry(c, &m->entries[i]);
}
WIRE_DEFINE(log_append)

static void visit_log_appended(struct codec *c, struct wire_log_appended *m)
{
	codec_u64(c, &m->size);
	codec_block(c, &m->checkpoint, WIRE_MAX_CHECKPOINT);
}
WIRE_DEFINE(log_appended)

static void visit_handle_key(struct codec *c, struct wire_handle_key *m)
{
	codec_u64(c, &m->handle);
	codec_array(c, m->key, sizeof m->key);
}
WIRE_DEFINE(handle_key)

static void visit_engine_serves(struct codec *c, struct wire_engine_serves *m)
{
	codec_text(c, &m->model, WIRE_MAX_MODEL);
	codec_text(c, &m->revision, WIRE_MAX_REVISION);
}
WIRE_DEFINE(engine_serves)

static void visit_engine_adapts(struct codec *c, struct wire_engine_adapts *m)
{
	codec_text(c, &m->model, WIRE_MAX_MODEL);
	codec_array(c, m->adapter, sizeof m->adapter);
}
WIRE_DEFINE(engine_adapts)

static void visit_engine_pass(struct codec *c, struct wire_engine_pass *m)
{
	codec_u64(c, &m->pass);
	codec_text(c, &m->model, WIRE_MAX_MODEL);
	codec_text(c, &m->right, WIRE_MAX_RIGHT);
	codec_array(c, m->payer, sizeof m->payer);
	codec_u32(c, &m->lasts_seconds);
	codec_u8(c, &m->plan);
}
WIRE_DEFINE(engine_pass)

static void visit_engine_forget(struct codec *c, struct wire_engine_forget *m)
{
	codec_array(c, m->payer, sizeof m->payer);
}
WIRE_DEFINE(engine_forget)

static void visit_visa_keys_are(struct codec *c, struct wire_visa_keys_are *m)
{
	codec_text(c, &m->jwks, WIRE_MAX_JWKS);
}
WIRE_DEFINE(visa_keys_are)

static void visit_visa_sign(struct codec *c, struct wire_visa_sign *m)
{
	codec_array(c, m->event, sizeof m->event);
	codec_block(c, &m->license, WIRE_MAX_LICENSE);
	codec_array(c, m->signature, sizeof m->signature);
	codec_text(c, &m->iss, WIRE_MAX_ISS);
	codec_u64(c, &m->expires_seconds);
}
WIRE_DEFINE(visa_sign)

static void visit_visa_signed(struct codec *c, struct wire_visa_signed *m)
{
	codec_text(c, &m->visa, WIRE_MAX_VISA);
}
WIRE_DEFINE(visa_signed)
