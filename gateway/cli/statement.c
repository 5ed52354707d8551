/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/statement.h"

#include <stdlib.h>

#include "crypto/base/arena.h"

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err check_text(const char *what, const char *text)
{
	if (!slice_is_utf8(slice_of_string(text)))
		return failure(ERR_FORMAT, "the %s is not UTF-8", what);
	return OK;
}

static enum err check_texts(const struct statement *s)
{
	if (s->right_count > STATEMENT_MAX_RIGHTS)
		return failure(ERR_LIMIT, "more than %d rights", STATEMENT_MAX_RIGHTS);
	for (size_t i = 0; i < s->right_count; i++)
		TRY(check_text("name of a right", s->rights[i]));
	TRY(check_text("name of the model", s->model));
	return check_text("intended use", s->use);
}

static json_t *sorted_rights(const struct statement *s)
{
	const char *rights[STATEMENT_MAX_RIGHTS];
	json_t *list = json_array_new();

	memcpy(rights, s->rights, sizeof rights);
	qsort(rights, s->right_count, sizeof rights[0], compare);
	for (size_t i = 0; i < s->right_count; i++)
		json_push_text(list, slice_of_string(rights[i]));
	return list;
}

enum err statement_json(json_t **out, const struct statement *s)
{
	json_t *object;

	TRY(check_texts(s));
	object = json_object_new();
	json_put_text(object, "intended_use", slice_of_string(s->use));
	json_put_text(object, "model", slice_of_string(s->model));
	json_put(object, "rights", sorted_rights(s));
	json_put_text(object, "terms_sha256", slice_of_string(s->terms_sha256));
	*out = object;
	return OK;
}

static enum err add_field(json_t *fields, const char *text)
{
	const char *equals = strchr(text, '=');
	struct arena arena = {NULL};
	const char *label;
	enum err result = OK;

	if (!equals || equals == text)
		return failure(ERR_FORMAT, "--field %s: LABEL=VALUE is expected", text);
	TRY(check_text("answer", text));
	label = arena_string(&arena, slice_of(text, (size_t)(equals - text)));
	if (json_object_get(fields, label))
		result = failure(ERR_FORMAT, "--field %s: \"%s\" is there twice", text, label);
	else
		json_put_text(fields, label, slice_of_string(equals + 1));
	arena_free(&arena);
	return result;
}

enum err statement_fields(json_t **out, const struct statement *s)
{
	AUTO(json_auto) json_t *fields = json_object_new();

	for (size_t i = 0; i < s->field_count; i++)
		TRY(add_field(fields, s->fields[i]));
	*out = fields;
	fields = NULL; /* given away */
	return OK;
}

enum err statement_write(struct buf *out, const struct statement *s)
{
	AUTO(json_auto) json_t *object = NULL;

	TRY(statement_json(&object, s));
	TRY(json_write_canonical(out, object));
	return buf_done(out);
}
