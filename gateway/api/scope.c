/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/scope.h"

#include "crypto/base/buf.h"
#include "crypto/json.h"
#include "policy/address_range.h"
#include "policy/model_scope.h"

enum { SCOPE_MAX_PARTS = 32 };

right_set scope_of_list(struct slice list)
{
	right_set set = 0;
	bool more = list.size > 0;

	while (more) {
		struct slice one;
		enum right right;

		more = slice_cut(list, ',', &one, &list);
		if (right_parse(&right, one))
			set |= right_bit(right);
	}
	return set;
}

typedef bool accept_fn(enum right right);

static bool accept_any(enum right right)
{
	(void)right;
	return true;
}

static enum err read_list(struct slice *list, struct arena *arena, const json_t *object,
			  const char *name, accept_fn *accept)
{
	AUTO(buf_free) struct buf text = buf_new(1024);
	const json_t *array = json_object_get(object, name);

	*list = S("");
	if (!array || json_is_null(array))
		return OK;
	if (!json_is_array(array))
		return failure(ERR_FORMAT, "\"%s\" must be an array", name);
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct slice one;
		enum right right;

		TRY(json_text_at(&one, array, i));
		if (!right_parse(&right, one) || !accept(right))
			return failure(ERR_FORMAT, "\"%s\": \"%.*s\" is not known", name,
				       SLICE_PRINT(one));
		if (i)
			buf_write(&text, S(","));
		buf_write(&text, one);
	}
	if (buf_done(&text) != OK)
		return failure(ERR_FORMAT, "\"%s\" is too long", name);
	*list = arena_copy(arena, buf_slice(&text));
	return OK;
}

enum err scope_read_rights(struct slice *list, struct arena *arena, const json_t *object,
			   const char *name)
{
	return read_list(list, arena, object, name, accept_any);
}

enum err scope_read_offices(struct slice *list, struct arena *arena, const json_t *object,
			    const char *name)
{
	return read_list(list, arena, object, name, right_is_office);
}

static enum err add_model(struct buf *out, struct slice text)
{
	TRY(model_scope_check(text));
	buf_write(out, text);
	return OK;
}

typedef enum err add_fn(struct buf *out, struct slice text);

static enum err read_parts(struct slice *list, struct arena *arena, const json_t *scope,
			   const char *name, add_fn *add)
{
	AUTO(buf_free) struct buf text = buf_new(SCOPE_MAX_PARTS * MODEL_SCOPE_MAX);
	const json_t *array = json_object_get(scope, name);
	size_t count = json_array_size(array);

	*list = S("");
	if (!array)
		return OK;
	if (count == 0 || count > SCOPE_MAX_PARTS)
		return failure(ERR_FORMAT, "\"%s\" is an array of 1 to %d", name, SCOPE_MAX_PARTS);
	for (size_t i = 0; i < count; i++) {
		struct slice one;

		TRY(json_text_at(&one, array, i));
		if (i)
			buf_write(&text, S(","));
		TRY(add(&text, one));
	}
	TRY(buf_done(&text));
	*list = arena_copy(arena, buf_slice(&text));
	return OK;
}

enum err scope_read(struct scope *out, struct arena *arena, const json_t *body)
{
	const json_t *scope = json_object_get(body, "scope");

	*out = (struct scope){0};
	if (!scope || json_is_null(scope))
		return OK;
	if (!json_is_object(scope))
		return failure(ERR_FORMAT,
			       "\"scope\" must be an object with \"rights\", \"models\" "
			       "or \"addresses\"");
	TRY(scope_read_rights(&out->rights, arena, scope, "rights"));
	if (out->rights.size == 0 && json_object_get(scope, "rights"))
		return failure(ERR_FORMAT, "\"scope\" names no right; leave it out for a token "
					   "with all your rights");
	TRY(read_parts(&out->models, arena, scope, "models", add_model));
	TRY(read_parts(&out->addresses, arena, scope, "addresses", address_range_write));
	if (out->rights.size + out->models.size + out->addresses.size == 0)
		return failure(ERR_FORMAT,
			       "\"scope\" narrows nothing; leave it out for a token with "
			       "all your rights");
	return OK;
}

bool scope_is_within(struct slice list, right_set rights)
{
	bool more = list.size > 0;

	if (!more)
		return rights == ~(right_set)0;
	while (more) {
		struct slice one;
		enum right right;

		more = slice_cut(list, ',', &one, &list);
		if (!right_parse(&right, one) || !(rights & right_bit(right)))
			return false;
	}
	return true;
}
