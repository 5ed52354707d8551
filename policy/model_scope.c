/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/model_scope.h"

static bool is_name(struct slice part)
{
	for (size_t i = 0; i < part.size; i++) {
		uint8_t c = part.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '_' || c == '-'))
			return false;
	}
	return part.size > 0;
}

enum err model_scope_check(struct slice scope)
{
	struct slice first, second;
	bool has_namespace = slice_cut(scope, '/', &first, &second);

	if (scope.size > MODEL_SCOPE_MAX || !is_name(first) ||
	    (has_namespace && !slice_equal(second, S("*")) && !is_name(second)))
		return failure(ERR_FORMAT,
			       "\"%.*s\" is neither a model (namespace/name) nor all "
			       "of a namespace (namespace/*)",
			       SLICE_PRINT(slice_part(scope, 0, MODEL_SCOPE_MAX)));
	return OK;
}

/* "ns/" of "ns/<star>"; false if it is one model. */
static bool namespace_of(struct slice *out, struct slice scope)
{
	*out = slice_part(scope, 0, scope.size ? scope.size - 1 : 0);
	return slice_ends_with(scope, S("/*"));
}

bool model_scope_covers(struct slice scope, struct slice model)
{
	struct slice space;

	if (namespace_of(&space, scope))
		return model.size > space.size && slice_starts_with(model, space);
	return scope.size > 0 && slice_equal(scope, model);
}

bool model_scope_contains(struct slice outer, struct slice inner)
{
	return model_scope_covers(outer, inner);
}

static bool one_covers(struct slice scopes, struct slice model)
{
	bool more = scopes.size > 0;

	while (more) {
		struct slice one;

		more = slice_cut(scopes, ',', &one, &scopes);
		if (model_scope_covers(one, model))
			return true;
	}
	return false;
}

bool model_scopes_cover(struct slice scopes, struct slice model)
{
	return scopes.size == 0 || one_covers(scopes, model);
}

bool model_scopes_contain(struct slice outer, struct slice inner)
{
	bool more = inner.size > 0;

	if (outer.size == 0)
		return true;
	if (!more)
		return false;
	while (more) {
		struct slice one;

		more = slice_cut(inner, ',', &one, &inner);
		if (!one_covers(outer, one))
			return false;
	}
	return true;
}

static void add(struct buf *out, struct slice scope)
{
	if (out->size)
		buf_write(out, S(","));
	buf_write(out, scope);
}

void model_scopes_meet(struct buf *out, struct slice scope, struct slice list)
{
	bool more = list.size > 0;

	if (!more)
		add(out, scope);
	while (more) {
		struct slice one;

		more = slice_cut(list, ',', &one, &list);
		if (model_scope_contains(scope, one))
			add(out, one);
		else if (model_scope_contains(one, scope))
			add(out, scope);
	}
}
