/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of an answer about completeness, each in a log of its entry alone, so that more of a line
 * is read than its proof: whatever is taken counts one, and stands behind what was taken before. */
#include <assert.h>

#include "crypto/json.h"
#include "crypto/merkle.h"
#include "gateway/cli/complete.h"
#include "tests/fuzz/fuzz.h"

#define VKEY S("example.com/none+b6680804+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")

static void take(struct complete *c, struct arena *arena, struct slice text)
{
	struct audit_walk before = c->walk;
	AUTO(json_auto) json_t *line = NULL;
	struct slice entry;

	if (json_read(&line, text, COMPLETE_MAX_LINE) != OK)
		return;
	if (json_get_text(&entry, line, "entry") == OK)
		c->root = merkle_leaf(entry);
	if (complete_line(c, arena, text) != OK || c->has_end)
		return;
	assert(c->walk.count == before.count + 1);
	assert(!before.count || c->walk.last > before.last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(complete_clear)
	struct complete c = {.vkey = VKEY, .has_head = true, .size = 1, .id = S("a")};
	struct slice line, rest = slice_of(data, size);

	c.walk = (struct audit_walk){.subject = AUDIT_SUBJECT_ACTOR, .id = c.id};
	while (rest.size && !c.has_end) {
		slice_cut(rest, '\n', &line, &rest);
		take(&c, &arena, line);
	}
	return 0;
}
