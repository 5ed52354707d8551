/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/audit/chain_check.h"

#include <inttypes.h>
#include <stdio.h>

#include "crypto/json.h"

/* A number from 0 to `most`. */
static enum err read_number(uint64_t *out, const json_t *value, uint64_t most)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > most)
		return failure(ERR_FORMAT, "a place in the log is INDEX or [INDEX,ROW]");
	*out = (uint64_t)json_integer_value(value);
	return OK;
}

enum err audit_place_read(uint64_t *out, const json_t *value)
{
	const uint64_t most_index = INT64_MAX / AUDIT_PLACES;
	uint64_t index, row;

	if (!json_is_array(value)) {
		TRY(read_number(&index, value, most_index));
		*out = audit_place(index);
		return OK;
	}
	if (json_array_size(value) != 2)
		return failure(ERR_FORMAT, "a place in the log is INDEX or [INDEX,ROW]");
	TRY(read_number(&index, json_array_get(value, 0), most_index));
	TRY(read_number(&row, json_array_get(value, 1), AUDIT_PLACES - 2));
	*out = audit_place_of_row(index, (uint32_t)row);
	return OK;
}

static enum err read_link(struct audit_link *out, const json_t *chain, const char *subject)
{
	static const char *const names[] = {"n", "prev", NULL};
	const json_t *link;
	uint64_t previous = 0;
	int64_t number;

	*out = (struct audit_link){0};
	if (!json_has(chain, subject))
		return OK;
	TRY(json_get_object(&link, chain, subject));
	TRY(json_only(link, names));
	TRY(json_get_int(&number, link, "n"));
	if (number < 1 || json_has(link, "prev") != (number > 1))
		return failure(ERR_FORMAT, "chain: \"%s\" is malformed", subject);
	if (number > 1)
		TRY(audit_place_read(&previous, json_object_get(link, "prev")));
	*out = (struct audit_link){(uint64_t)number, previous};
	return OK;
}

enum err audit_chain_read(struct audit_chain *out, const json_t *payload)
{
	static const char *const names[] = {"actor", "license", NULL};
	const json_t *chain;

	*out = (struct audit_chain){0};
	if (!json_has(payload, "chain"))
		return OK;
	TRY(json_get_object(&chain, payload, "chain"));
	TRY(json_only(chain, names));
	TRY(read_link(&out->actor, chain, "actor"));
	return read_link(&out->license, chain, "license");
}

struct audit_place_name audit_place_name(uint64_t place)
{
	struct audit_place_name name;
	uint64_t row = place % AUDIT_PLACES;

	if (row)
		snprintf(name.text, sizeof name.text, "entry %" PRIu64 ", row %" PRIu64,
			 place / AUDIT_PLACES, row - 1);
	else
		snprintf(name.text, sizeof name.text, "entry %" PRIu64, place / AUDIT_PLACES);
	return name;
}

/* Whose entry is it? */
static enum err check_subject(const struct audit_walk *walk, uint64_t place, const json_t *payload)
{
	struct slice id = S("");
	const json_t *actor;

	if (walk->subject == AUDIT_SUBJECT_LICENSE) {
		TRY(json_get_text(&id, payload, "license"));
	} else {
		TRY(json_get_object(&actor, payload, "actor"));
		TRY(json_get_text(&id, actor, "id"));
	}
	if (slice_equal(id, walk->id))
		return OK;
	return failure(ERR_FORGED, "%s is not of %.*s", audit_place_name(place).text,
		       SLICE_PRINT(walk->id));
}

static enum err check_link(const struct audit_walk *walk, uint64_t place,
			   const struct audit_link *link)
{
	if (link->number != walk->count + 1)
		return failure(ERR_FORGED,
			       "%s is number %" PRIu64 " of %.*s, but %" PRIu64
			       " were given before it",
			       audit_place_name(place).text, link->number, SLICE_PRINT(walk->id),
			       walk->count);
	if (link->number > 1 && link->previous != walk->last)
		return failure(ERR_FORGED, "%s follows %s of %.*s, but %s was given before it",
			       audit_place_name(place).text, audit_place_name(link->previous).text,
			       SLICE_PRINT(walk->id), audit_place_name(walk->last).text);
	return OK;
}

enum err audit_walk_over(struct audit_walk *walk, uint64_t place, const struct audit_chain *chain)
{
	const struct audit_link *link = walk->subject == AUDIT_SUBJECT_ACTOR ? &chain->actor
									     : &chain->license;

	if (walk->count && place <= walk->last)
		return failure(ERR_FORGED, "%s was given behind %s", audit_place_name(place).text,
			       audit_place_name(walk->last).text);
	if (link->number)
		TRY(check_link(walk, place, link));
	else if (walk->bare < walk->count)
		return failure(ERR_FORGED, "%s has no chain, and one before it has",
			       audit_place_name(place).text);
	walk->bare += !link->number;
	walk->count++;
	walk->last = place;
	return OK;
}

enum err audit_walk_step(struct audit_walk *walk, uint64_t place, const json_t *payload)
{
	struct audit_chain chain;

	TRY(check_subject(walk, place, payload));
	TRY(audit_chain_read(&chain, payload));
	return audit_walk_over(walk, place, &chain);
}
