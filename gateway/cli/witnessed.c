/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/witnessed.h"

#include <fcntl.h>

#include "crypto/base/file.h"
#include "crypto/tlog_proof.h"

enum err witnessed_read(struct witnessed *out, struct arena *arena, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(LOG_POLICY_MAX_TEXT);
	AUTO(buf_free) struct buf vkey = buf_new(NOTE_VKEY_MAX);

	*out = (struct witnessed){.is_given = path != NULL};
	if (!path)
		return OK;
	TRY(file_read(&text, AT_FDCWD, path));
	TRY(log_policy_parse(&out->policy, arena, buf_slice(&text)));
	if (out->policy.log_count != 1)
		return OK;
	note_key_write(&vkey, &out->policy.logs[0].key);
	out->vkey = arena_string(arena, buf_slice(&vkey));
	return OK;
}

enum err witnessed_check(const char **names, struct arena *arena, const struct witnessed *w,
			 struct slice note)
{
	struct checkpoint checkpoint;
	uint64_t seen;

	*names = "";
	if (!w->is_given)
		return OK;
	TRY(log_policy_check(&checkpoint, &seen, &w->policy, note));
	for (size_t i = 0; i < w->policy.part_count; i++)
		if (seen >> i & 1)
			*names = arena_printf(arena, "%s%s%.*s", *names, **names ? ", " : "",
					      SLICE_PRINT(w->policy.parts[i].name));
	return OK;
}

enum err witnessed_check_receipt(const char **names, struct arena *arena, const struct witnessed *w,
				 const json_t *receipt)
{
	struct tlog_proof proof;
	struct slice text;

	*names = "";
	if (!w->is_given)
		return OK;
	TRY(json_get_text(&text, receipt, "proof"));
	TRY(tlog_proof_parse(&proof, text));
	return witnessed_check(names, arena, w, proof.checkpoint);
}
