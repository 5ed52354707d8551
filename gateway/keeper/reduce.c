/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/reduce.h"

#include "crypto/json.h"

enum { REDUCE_MAX_MEMBERS = 5 };

static const struct {
	const char *kind;
	const char *members[REDUCE_MAX_MEMBERS + 1];
} reduced[] = {
	{"license.revoke", {"license"}},
	{"license.suspend", {"license", "cause"}},
	{"license.reinstate", {"license"}},
	{"license.close", {"license"}},
	{"model.create", {"model", "gate", "open_paths"}},
	{"model.settings", {"model", "gate", "open_paths"}},
	{"model.disable", {"model"}},
	{"model.enable", {"model"}},
	{"model.shred", {"model"}},
	{"model.recall", {"model", "revision"}},
	{"adapter.delete", {"model", "adapter"}},
};

enum { REDUCED = sizeof reduced / sizeof reduced[0] };

struct digest reduce_key(struct slice seed)
{
	return digest_hmac(seed, S("sallyport/reduced/key/v1\n"), S(""));
}

bool reduce_is_needed(const char *kind)
{
	for (size_t i = 0; i < REDUCED; i++)
		if (strcmp(kind, reduced[i].kind) == 0)
			return true;
	return false;
}

static enum err pick(struct buf *facts, const char *const members[], const json_t *payload)
{
	AUTO(json_auto) json_t *some = json_object_new();

	for (size_t i = 0; members[i]; i++)
		if (json_has(payload, members[i]))
			json_put(some, members[i],
				 json_incref(json_object_get(payload, members[i])));
	TRY(json_write_canonical(facts, some));
	return buf_done(facts);
}

enum err reduce_write(struct buf *facts, const char *kind, struct slice payload)
{
	AUTO(json_auto) json_t *value = NULL;

	TRY(json_read(&value, payload, WIRE_MAX_PAYLOAD));
	for (size_t i = 0; i < REDUCED; i++)
		if (strcmp(kind, reduced[i].kind) == 0)
			return pick(facts, reduced[i].members, value);
	return failure(ERR_DENIED, "an entry of kind \"%s\" is not reduced", kind);
}

/* The leaf names the entry, and commits to the payload that the facts were taken from. */
struct digest reduce_seal(const struct digest *key, struct slice leaf, struct slice facts)
{
	struct digest of_leaf = digest_of(leaf);

	return digest_hmac(digest_slice(key), digest_slice(&of_leaf), facts);
}

bool reduce_holds(const struct digest *key, const struct wire_log_entry *entry)
{
	struct digest made = reduce_seal(key, entry->leaf, entry->payload);

	return digest_equal_bytes(digest_slice(&made), slice_of(entry->nonce, WIRE_DIGEST));
}
