/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/audit/chain_check.h"

#include <inttypes.h>

#include "crypto/json.h"

static enum err read_link(struct audit_link *out, const json_t *chain, const char *subject)
{
	static const char *const names[] = {"n", "prev", NULL};
	const json_t *link;
	int64_t number, previous = 0;

	*out = (struct audit_link){0};
	if (!json_has(chain, subject))
		return OK;
	TRY(json_get_object(&link, chain, subject));
	TRY(json_only(link, names));
	TRY(json_get_int(&number, link, "n"));
	if (number < 1 || json_has(link, "prev") != (number > 1))
		return failure(ERR_FORMAT, "chain: \"%s\" is malformed", subject);
	if (number > 1)
		TRY(json_get_int(&previous, link, "prev"));
	if (previous < 0)
		return failure(ERR_FORMAT, "chain: \"%s\" is malformed", subject);
	*out = (struct audit_link){(uint64_t)number, (uint64_t)previous};
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

/* Whose entry is it? */
static enum err check_subject(const struct audit_walk *walk, uint64_t index, const json_t *payload)
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
	return failure(ERR_FORGED, "entry %" PRIu64 " is not of %.*s", index,
		       SLICE_PRINT(walk->id));
}

static enum err check_link(const struct audit_walk *walk, uint64_t index,
			   const struct audit_link *link)
{
	if (link->number != walk->count + 1)
		return failure(ERR_FORGED,
			       "entry %" PRIu64 " is number %" PRIu64 " of %.*s, but %" PRIu64
			       " were given before it",
			       index, link->number, SLICE_PRINT(walk->id), walk->count);
	if (link->number > 1 && link->previous != walk->last)
		return failure(ERR_FORGED,
			       "entry %" PRIu64 " follows entry %" PRIu64
			       " of %.*s, but entry %" PRIu64 " was given before it",
			       index, link->previous, SLICE_PRINT(walk->id), walk->last);
	return OK;
}

enum err audit_walk_step(struct audit_walk *walk, uint64_t index, const json_t *payload)
{
	struct audit_chain chain;
	const struct audit_link *link = walk->subject == AUDIT_SUBJECT_ACTOR ? &chain.actor
									     : &chain.license;

	TRY(check_subject(walk, index, payload));
	TRY(audit_chain_read(&chain, payload));
	if (walk->count && index <= walk->last)
		return failure(ERR_FORGED, "entry %" PRIu64 " was given behind entry %" PRIu64,
			       index, walk->last);
	if (link->number)
		TRY(check_link(walk, index, link));
	else if (walk->bare < walk->count)
		return failure(ERR_FORGED, "entry %" PRIu64 " has no chain, and one before it has",
			       index);
	walk->bare += !link->number;
	walk->count++;
	walk->last = index;
	return OK;
}
