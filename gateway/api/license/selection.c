/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/license/selection.h"

#include "crypto/base/text.h"
#include "crypto/json.h"
#include "schema/store/institution.h"

static enum err take_act(struct selection *out, struct slice act)
{
	static const struct {
		const char *name, *states, *to;
		enum audit_kind kind;
	} acts[] = {
		{"revoke", "preparing,active,suspended", "revoked", AUDIT_LICENSE_REVOKE},
		{"suspend", "active", "suspended", AUDIT_LICENSE_SUSPEND},
		{"reinstate", "suspended", "active", AUDIT_LICENSE_REINSTATE},
	};

	out->act = act;
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		if (!slice_equal(out->act, slice_of_string(acts[i].name)))
			continue;
		out->states = slice_of_string(acts[i].states);
		out->change.kind = acts[i].kind;
		out->change.to = slice_of_string(acts[i].to);
		return OK;
	}
	return failure(ERR_FORMAT, "\"act\" is revoke, suspend or reinstate");
}

static enum err find_license(struct selection *out, struct exchange *x,
			     struct route_context *context, struct slice name)
{
	struct store_license license;

	if (text_read_uuid(out->selector.license, name) != OK)
		return failure(ERR_FORMAT, "\"license\" is an id");
	return store_license_get(context->store, exchange_arena(x), &license,
				 out->selector.license);
}

static enum err find_person(struct selection *out, struct exchange *x,
			    struct route_context *context, struct slice name)
{
	struct store_person person;

	if (text_read_uuid(out->selector.person, name) == OK)
		return OK;
	TRY(store_person_by_name(context->store, exchange_arena(x), &person, name));
	memcpy(out->selector.person, person.id, STORE_ID);
	return OK;
}

static enum err find_institution(struct selection *out, struct exchange *x,
				 struct route_context *context, struct slice name)
{
	struct store_institution institution;

	if (text_read_uuid(out->selector.institution, name) == OK)
		return store_institution_get(context->store, exchange_arena(x), &institution,
					     out->selector.institution);
	TRY(store_institution_by_name(context->store, exchange_arena(x), &institution, name));
	memcpy(out->selector.institution, institution.id, STORE_ID);
	return OK;
}

static enum err find_model(struct selection *out, struct exchange *x, struct route_context *context,
			   struct slice name)
{
	struct store_model model;

	TRY(store_model_get(context->store, exchange_arena(x), &model, name));
	memcpy(out->selector.model, model.id, STORE_ID);
	return OK;
}

static enum err take_issuer(struct selection *out, struct exchange *x,
			    struct route_context *context, struct slice name)
{
	(void)x;
	(void)context;
	if (name.size == 0)
		return failure(ERR_FORMAT, "\"issuer\" is empty");
	out->selector.issuer = name;
	return OK;
}

static enum err read_selector(struct selection *out, struct exchange *x,
			      struct route_context *context, const json_t *select)
{
	static const struct {
		const char *name;
		enum err (*find)(struct selection *out, struct exchange *x,
				 struct route_context *context, struct slice name);
	} kinds[] = {
		{"license", find_license},         {"person", find_person}, {"model", find_model},
		{"institution", find_institution}, {"issuer", take_issuer},
	};
	struct slice name;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!json_has(select, kinds[i].name) || json_object_size(select) != 1)
			continue;
		TRY(json_get_text(&name, select, kinds[i].name));
		out->selected = slice_of_string(arena_printf(exchange_arena(x), "%s %.*s",
							     kinds[i].name, SLICE_PRINT(name)));
		return kinds[i].find(out, x, context, name);
	}
	return failure(ERR_FORMAT, "\"select\" names one license, person, institution, issuer or "
				   "model");
}

enum err selection_read(struct selection *out, struct exchange *x, struct route_context *context,
			const json_t *body)
{
	const json_t *select;
	struct slice act;

	*out = (struct selection){0};
	TRY(json_get_text(&act, body, "act"));
	TRY(take_act(out, act));
	TRY(json_get_object(&select, body, "select"));
	return read_selector(out, x, context, select);
}

enum err selection_of_parent(struct selection *out, struct arena *arena, struct slice act,
			     const uint8_t parent[STORE_ID])
{
	*out = (struct selection){0};
	memcpy(out->selector.parent, parent, STORE_ID);
	out->selected = slice_of_string(
		arena_printf(arena, "institution-license %s", api_uuid(arena, parent)));
	return take_act(out, act);
}

/* Ids and states in their order: whoever else changes one of them changes this. */
static struct digest preview_of(const struct selection *s)
{
	AUTO(buf_free) struct buf text = buf_new((size_t)64 * STORE_SELECT_MAX + 4096);

	buf_write_block(&text, s->act);
	buf_write_block(&text, s->selected);
	buf_write_u8(&text, s->has_more);
	for (size_t i = 0; i < s->count; i++) {
		buf_write(&text, slice_of(s->licenses[i].id, STORE_ID));
		buf_write_block(&text, s->licenses[i].state);
	}
	return digest_of(buf_slice(&text));
}

enum err selection_find(struct selection *s, struct exchange *x, struct route_context *context)
{
	TRY(store_license_select(context->store, exchange_arena(x), &s->licenses, &s->count,
				 &s->has_more, &s->selector, s->states));
	s->preview = preview_of(s);
	return OK;
}
