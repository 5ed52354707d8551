/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/approval.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/license.h"

enum { APPROVAL_VERSION = 1 };

_Static_assert((int)LICENSE_MAX + 512 <= (int)APPROVAL_MAX, "a license can be approved");

static const char *const envelope[] = {"gateway", "kind", "signed", "v", NULL};

/* Of a license, what the keeper and the log give it. */
static const char *const given[] = {"entry", "id", "issued", "v", NULL};

static bool is_among(const char *const names[], const char *name)
{
	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static json_t *without(const json_t *object, const char *const names[])
{
	json_t *rest = json_object_new(), *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) if (!is_among(names, name))
		json_put(rest, name, json_incref(value));
	return rest;
}

static enum err check_subject(const json_t *subject)
{
	for (size_t i = 0; envelope[i]; i++)
		if (json_has(subject, envelope[i]))
			return failure(ERR_FORMAT, "approval: its subject has a \"%s\"",
				       envelope[i]);
	return OK;
}

enum err approval_write(struct buf *out, const struct approval *a, const json_t *subject)
{
	AUTO(json_auto) json_t *statement = without(subject, envelope);
	char text[CLOCK_TEXT];

	TRY(check_subject(subject));
	clock_text(text, a->signed_ms);
	json_put_int(statement, "v", APPROVAL_VERSION);
	json_put_text(statement, "kind", a->kind);
	json_put_text(statement, "gateway", a->gateway);
	json_put_text(statement, "signed", slice_of_string(text));
	return json_write_canonical(out, statement);
}

static enum err read_envelope(struct approval *out, const json_t *statement)
{
	struct slice text;
	int64_t version;

	TRY(json_get_int(&version, statement, "v"));
	if (version != APPROVAL_VERSION)
		return failure(ERR_UNSUPPORTED, "approval: version %lld, %d expected",
			       (long long)version, APPROVAL_VERSION);
	TRY(json_get_text(&out->kind, statement, "kind"));
	TRY(json_get_text(&out->gateway, statement, "gateway"));
	TRY(json_get_text(&text, statement, "signed"));
	if (clock_parse(&out->signed_ms, text) != OK)
		return failure(ERR_FORMAT, "approval: \"signed\" is not a time");
	return OK;
}

/* One statement has one spelling: else the same approval could be used twice. */
static enum err check_spelling(const struct approval *a, const json_t *subject, struct slice text)
{
	AUTO(buf_free) struct buf again = buf_new(APPROVAL_MAX);

	TRY(approval_write(&again, a, subject));
	if (!slice_equal(buf_slice(&again), text))
		return failure(ERR_FORMAT, "approval: the statement is not in its canonical form");
	return OK;
}

enum err approval_parse(struct approval *out, json_t **statement, json_t **subject,
			struct slice text)
{
	AUTO(json_auto) json_t *whole = NULL;
	AUTO(json_auto) json_t *rest = NULL;

	TRY(json_read(&whole, text, APPROVAL_MAX));
	TRY(read_envelope(out, whole));
	rest = without(whole, envelope);
	TRY(check_spelling(out, rest, text));
	*statement = whole;
	*subject = rest;
	whole = rest = NULL; /* given away */
	return OK;
}

enum err approval_check_time(const struct approval *a, int64_t now_ms)
{
	if (a->signed_ms > now_ms + APPROVAL_AHEAD_SECONDS * 1000LL)
		return failure(ERR_EXPIRED,
			       "the approval was signed in the future; look at the clocks");
	if (a->signed_ms < now_ms - APPROVAL_SECONDS * 1000LL)
		return failure(ERR_EXPIRED, "the approval was signed more than %d days ago",
			       APPROVAL_SECONDS / 86400);
	return OK;
}

enum err approval_subject_of_license(json_t **out, struct slice document)
{
	AUTO(json_auto) json_t *license = NULL;

	TRY(json_read(&license, document, LICENSE_MAX));
	*out = without(license, given);
	return OK;
}

static enum err get_time(int64_t *out, const json_t *object, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, object, name));
	return clock_parse(out, text);
}

/* -1, 0 or 1 as the license's time is before, at or behind the approved one. */
static enum err compare_times(int *out, const json_t *approved, const json_t *license,
			      const char *name)
{
	int64_t a, l;

	TRY(get_time(&a, approved, name));
	TRY(get_time(&l, license, name));
	*out = (l > a) - (l < a);
	return OK;
}

static enum err cover_dates(const json_t *approved, const json_t *license)
{
	int begins, ends;

	TRY(compare_times(&begins, approved, license, "not_before"));
	TRY(compare_times(&ends, approved, license, "expires"));
	if (begins < 0)
		return failure(ERR_DENIED, "the license begins before what was approved");
	if (ends > 0)
		return failure(ERR_DENIED, "the license lasts longer than what was approved");
	return OK;
}

static bool has_text(const json_t *array, struct slice text)
{
	struct slice one;

	for (size_t i = 0; i < json_array_size(array); i++)
		if (json_text_at(&one, array, i) == OK && slice_equal(one, text))
			return true;
	return false;
}

static enum err cover_rights(const json_t *approved, const json_t *license)
{
	const json_t *may, *gives;

	TRY(json_get_array(&may, approved, "rights"));
	TRY(json_get_array(&gives, license, "rights"));
	for (size_t i = 0; i < json_array_size(gives); i++) {
		struct slice right;

		TRY(json_text_at(&right, gives, i));
		if (!has_text(may, right))
			return failure(ERR_DENIED, "the right \"%.*s\" was not approved",
				       SLICE_PRINT(slice_part(right, 0, 40)));
	}
	return OK;
}

/* All but dates and rights: there on both sides, and the same. */
static enum err cover_rest(const json_t *approved, const json_t *license)
{
	static const char *const ordered[] = {"not_before", "expires", "rights", NULL};
	AUTO(json_auto) json_t *left = without(approved, ordered);
	AUTO(json_auto) json_t *right = without(license, ordered);
	const char *name;
	json_t *value;

	json_object_foreach(
		right, name,
		value) if (!json_equal(value,
				       json_object_get(
					       left,
					       name))) return failure(ERR_DENIED,
								      "the license's \"%s\" is not "
								      "what was approved",
								      name);
	json_object_foreach(left, name, value) if (!json_object_get(right, name)) return failure(
		ERR_DENIED, "\"%s\" was approved, the license lacks it", name);
	return OK;
}

bool approval_names_several(const json_t *subject)
{
	return json_has(subject, "persons");
}

/* One of "persons" holds it: on both sides that is said, and compared no more. */
static enum err cover_person(json_t *approved, json_t *license)
{
	const json_t *persons;
	struct slice person;

	TRY(json_get_array(&persons, approved, "persons"));
	TRY(json_get_text(&person, license, "person"));
	if (!has_text(persons, person))
		return failure(ERR_DENIED, "the license's \"person\" is none of those approved");
	json_object_del(approved, "persons");
	json_object_del(license, "person");
	return OK;
}

enum err approval_covers(const json_t *subject, struct slice document)
{
	static const char *const none[] = {NULL};
	AUTO(json_auto) json_t *license = NULL;
	AUTO(json_auto) json_t *approved = without(subject, none);

	TRY(approval_subject_of_license(&license, document));
	TRY(cover_dates(approved, license));
	TRY(cover_rights(approved, license));
	if (approval_names_several(approved))
		TRY(cover_person(approved, license));
	return cover_rest(approved, license);
}
