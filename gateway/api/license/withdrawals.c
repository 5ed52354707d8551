/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many licenses at once: a look at who would lose what and what runs now, and the act itself, an
 * entry for each license in one transaction. STORE_SELECT_MAX at a time; "more" says to go on.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/license/seats.h"
#include "gateway/api/license/selection.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { LOOK_MAX = 8192 };

/* {license: {"downloads","generations"}} of what runs in this edge. */
struct running_view {
	struct cut_view *rows;
	size_t count, seen;
};

static struct running_view look(struct exchange *x, struct route_context *context)
{
	struct running_view v = {.rows = arena_alloc(exchange_arena(x), LOOK_MAX * sizeof *v.rows)};

	v.count = cuts_look(context->api->cuts, v.rows, LOOK_MAX);
	v.seen = v.count < LOOK_MAX ? v.count : LOOK_MAX;
	return v;
}

static unsigned count_running(const struct running_view *v, const uint8_t license[STORE_ID],
			      enum cut_what what)
{
	unsigned count = 0;

	for (size_t i = 0; i < v->seen; i++)
		count += v->rows[i].what == what &&
			 memcmp(v->rows[i].basis.license, license, STORE_ID) == 0;
	return count;
}

static json_t *describe_license(struct arena *arena, const struct store_license *l,
				unsigned downloads, unsigned generations)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, l->id)));
	json_put_text(one, "person", l->person_name);
	json_put_text(one, "model", l->model_name);
	json_put_text(one, "state", l->state);
	json_put(one, "rights", issue_describe_rights(l->rights));
	json_put_text(one, "expires", slice_of_string(api_time(arena, l->expires_ms)));
	json_put_int(one, "downloads_running", downloads);
	json_put_int(one, "generations_running", generations);
	return one;
}

/* What runs is known of this edge exactly, of the others not at all: each ends its own. */
static enum err describe_running(json_t *answer, struct exchange *x, struct route_context *context,
				 unsigned downloads, unsigned generations)
{
	json_t *running = json_object_new();
	struct store_lease *leases;
	uint64_t epoch;
	size_t count, live = 0;

	TRY(store_lease_list(context->store, exchange_arena(x), &leases, &count, &epoch));
	for (size_t i = 0; i < count; i++)
		live += leases[i].is_live;
	json_put_int(running, "downloads", downloads);
	json_put_int(running, "generations", generations);
	json_put_int(running, "edges", (json_int_t)live);
	json_put_int(running, "edges_seen", 1);
	json_put_text(running, "known",
		      live > 1
			      ? S("of the edge that answers only; the act ends what runs in all of "
				  "them, and says how many have confirmed")
			      : S("of all edges: this is the only one"));
	json_put(answer, "running", running);
	return OK;
}

static enum err describe_waiting(json_t *answer, struct exchange *x, struct route_context *context,
				 const struct selection *s)
{
	struct store_waiting *waiting;
	json_t *list = json_array_new();
	size_t count;

	json_put(answer, "requests", list);
	TRY(store_request_select(context->store, exchange_arena(x), &waiting, &count,
				 &s->selector));
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "id",
			      slice_of_string(api_uuid(exchange_arena(x), waiting[i].id)));
		json_put_text(one, "person", waiting[i].person_name);
		json_put_text(one, "model", waiting[i].model_name);
		json_put_text(one, "state", waiting[i].state);
		json_push(list, one);
	}
	return OK;
}

static void describe_selection(json_t *answer, struct arena *arena, const struct selection *s)
{
	json_put_text(answer, "act", s->act);
	json_put_text(answer, "selected", s->selected);
	json_put_text(answer, "preview",
		      slice_of_string(api_hex(arena, digest_slice(&s->preview))));
	json_put_int(answer, "count", (json_int_t)s->count);
	json_put_bool(answer, "more", s->has_more);
}

static enum err describe_preview(json_t *answer, struct exchange *x, struct route_context *context,
				 const struct selection *s)
{
	struct running_view running = look(x, context);
	unsigned downloads = 0, generations = 0;
	json_t *list = json_array_new();

	describe_selection(answer, exchange_arena(x), s);
	json_put(answer, "licenses", list);
	for (size_t i = 0; i < s->count; i++) {
		unsigned d = count_running(&running, s->licenses[i].id, CUT_DOWNLOAD);
		unsigned g = count_running(&running, s->licenses[i].id, CUT_GENERATION);

		downloads += d;
		generations += g;
		json_push(list, describe_license(exchange_arena(x), &s->licenses[i], d, g));
	}
	TRY(describe_running(answer, x, context, downloads, generations));
	return describe_waiting(answer, x, context, s);
}

void license_preview(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	AUTO(json_auto) json_t *answer = json_object_new();
	struct selection selection;
	enum err result;

	if (!body)
		return;
	result = selection_read(&selection, x, context, body);
	if (result == OK)
		result = selection_find(&selection, x, context);
	if (result == OK)
		result = describe_preview(answer, x, context, &selection);
	if (result != OK)
		reply_failure(x, result);
	else
		reply_json(x, 200, json_incref(answer));
}

/* What was seen must be what is there now. */
static enum err check_preview(const struct selection *s, const json_t *body)
{
	struct digest seen;
	struct slice hex;

	TRY(json_get_text_or(&hex, body, "preview", S("")));
	if (hex.size == 0)
		return OK;
	TRY(text_read_hex(seen.bytes, DIGEST_SIZE, hex));
	if (!digest_equal(&seen, &s->preview))
		return failure(ERR_CONFLICT,
			       "what the preview showed is not so any more; look again");
	return OK;
}

static enum err change_one(struct exchange *x, struct route_context *context,
			   const struct selection *s, const struct store_license *l,
			   struct slice reason)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, s->change.kind, who->person.id, who->person.name);
	licensing_tell(&event, l);
	audit_event_text(&event, "reason", reason);
	audit_event_text(&event, "selected", s->selected);
	TRY(store_license_set_state(context->store, l->id, l->state, s->change.to, reason,
				    clock_now_ms()));
	if (s->change.kind == AUDIT_LICENSE_REVOKE)
		TRY(store_seat_free_license(context->store, l->id));
	return api_log(context->store, &event);
}

/* Institutions name no more members of what was taken from them. */
static enum err change_parents(struct exchange *x, struct route_context *context,
			       const struct selection *s, struct slice reason)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};
	size_t changed;

	TRY(store_institution_license_sweep(context->store, &s->selector, s->change.to, reason,
					    clock_now_ms(), &changed));
	if (changed == 0)
		return OK;
	audit_event_begin(&event, AUDIT_INSTITUTION_REVOKE, who->person.id, who->person.name);
	audit_event_text(&event, "selected", s->selected);
	audit_event_text(&event, "state", s->change.to);
	audit_event_number(&event, "licenses", (int64_t)changed);
	audit_event_text(&event, "reason", reason);
	return api_log(context->store, &event);
}

/* The entry that ends the transaction tells of all, and is published behind all the others. */
static enum err carry_out(struct selection *s, struct exchange *x, struct route_context *context,
			  const json_t *body, struct slice reason)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	TRY(store_begin(store));
	TRY(change_parents(x, context, s, reason));
	TRY(selection_find(s, x, context));
	TRY(check_preview(s, body));
	for (size_t i = 0; i < s->count; i++)
		TRY(change_one(x, context, s, &s->licenses[i], reason));
	audit_event_begin(&event, AUDIT_LICENSE_MANY, who->person.id, who->person.name);
	audit_event_text(&event, "act", s->act);
	audit_event_text(&event, "selected", s->selected);
	audit_event_number(&event, "count", (int64_t)s->count);
	audit_event_flag(&event, "more", s->has_more);
	audit_event_text(&event, "reason", reason);
	return api_finish(x, context, &event);
}

static void carry_out_and_answer(struct selection *s, struct exchange *x,
				 struct route_context *context, const json_t *body)
{
	struct slice reason = S("");
	json_t *answer;
	enum err result = api_reason(&reason, body);

	if (result == OK && slice_trim(reason).size == 0)
		result = failure(ERR_FORMAT, "\"reason\" is missing: the people will read it");
	if (result == OK)
		result = carry_out(s, x, context, body, reason);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	describe_selection(answer, exchange_arena(x), s);
	if (s->change.kind != AUDIT_LICENSE_REINSTATE)
		withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}

void license_withdraw(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct selection selection;
	enum err result;

	if (!body)
		return;
	result = selection_read(&selection, x, context, body);
	if (result != OK)
		reply_failure(x, result);
	else
		carry_out_and_answer(&selection, x, context, body);
}

static void change_institution_license(struct exchange *x, struct route_context *context,
				       struct slice act)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_institution_license license;
	struct selection selection;
	enum err result;

	if (!seats_find_parent(&license, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = selection_of_parent(&selection, exchange_arena(x), act, license.id);
	if (result == OK && !licensing_manages(x, license.model_name))
		result = failure(ERR_DENIED,
				 "this needs the right \"licenses:manage\" for its model");
	if (result == OK && slice_equal(license.state, S("revoked")))
		result = failure(ERR_CONFLICT, "the institution's license is revoked");
	if (result != OK)
		reply_failure(x, result);
	else
		carry_out_and_answer(&selection, x, context, body);
}

void institution_license_revoke(struct exchange *x, struct route_context *context)
{
	change_institution_license(x, context, S("revoke"));
}

void institution_license_suspend(struct exchange *x, struct route_context *context)
{
	change_institution_license(x, context, S("suspend"));
}

void institution_license_reinstate(struct exchange *x, struct route_context *context)
{
	change_institution_license(x, context, S("reinstate"));
}
