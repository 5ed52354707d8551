/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/witness/witness_files.h"

#include <fcntl.h>
#include <stdio.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "gateway/witness/witness.h"

enum { SIZE_TEXT = 32 };

void witness_state_name(char out[WITNESS_STATE_NAME], struct slice origin)
{
	AUTO(buf_free) struct buf hex = buf_new(WITNESS_STATE_NAME);
	struct digest digest = digest_of(origin);

	text_write_hex(&hex, digest_slice(&digest));
	memcpy(out, hex.data, 2 * DIGEST_SIZE);
	out[2 * DIGEST_SIZE] = '\0';
}

static struct slice first_line(const struct buf *text)
{
	struct slice line, rest;

	slice_cut(buf_slice(text), '\n', &line, &rest);
	return line;
}

/* The seed belongs to the verifier key that is beside it, or nothing is signed. */
enum err witness_key_read(struct sign_key **out, struct note_key *id, char vkey[NOTE_VKEY_MAX + 1],
			  int directory)
{
	AUTO(secret_auto) struct secret *seed = NULL;
	AUTO(buf_free) struct buf hex = buf_new(2 * SIGN_SEED + 2), text = buf_new(NOTE_VKEY_MAX);
	uint8_t public_key[SIGN_PUBLIC];
	enum err result;

	TRY(secret_new(&seed, SIGN_SEED));
	result = file_read(&hex, directory, "key");
	if (result == OK)
		result = text_read_hex(secret_bytes(seed), SIGN_SEED, first_line(&hex));
	if (hex.data)
		secret_wipe(hex.data, hex.size);
	TRY(result);
	TRY(sign_key_from_seed(out, secret_slice(seed)));
	sign_key_public(*out, public_key);
	TRY(file_read(&text, directory, "vkey"));
	TRY(note_key_parse(id, first_line(&text)));
	if (id->type != NOTE_COSIGNATURE || memcmp(id->public_key, public_key, SIGN_PUBLIC) != 0)
		return failure(ERR_FORMAT, "witness: \"vkey\" is not that of \"key\"");
	snprintf(vkey, NOTE_VKEY_MAX + 1, "%.*s", SLICE_PRINT(first_line(&text)));
	return OK;
}

enum err witness_logs_read(struct log_policy *out, struct arena *arena, int directory)
{
	AUTO(buf_free) struct buf text = buf_new(LOG_POLICY_MAX_TEXT);

	TRY(file_read(&text, directory, "logs"));
	buf_write_string(&text, "\nquorum none\n"); /* a policy has one; ours needs none */
	TRY(buf_done(&text));
	return log_policy_parse(out, arena, buf_slice(&text));
}

enum err witness_size_read(uint64_t *out, int state, const char *name)
{
	AUTO(buf_free) struct buf text = buf_new(SIZE_TEXT);
	enum err result = file_read(&text, state, name);

	*out = 0;
	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	if (!slice_to_u64(first_line(&text), INT64_MAX, out))
		return failure(ERR_FORMAT, "witness: state/%s is not a number", name);
	return OK;
}

static enum err write_key(int directory, const struct sign_key *key)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * SIGN_SEED + 1);
	enum err result;

	text_write_hex(&hex, sign_key_seed(key));
	buf_write_u8(&hex, '\n');
	result = file_write_new(directory, "key", buf_slice(&hex), 0600);
	secret_wipe(hex.data, hex.size);
	return result;
}

enum err witness_init(struct buf *vkey, const char *path, struct slice name)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(file_close) int directory = -1;
	AUTO(buf_free) struct buf line = buf_new(NOTE_VKEY_MAX + 1);
	uint8_t public_key[SIGN_PUBLIC];
	struct note_key id;

	TRY(sign_key_random(&key));
	sign_key_public(key, public_key);
	TRY(note_key_make(&id, name, NOTE_COSIGNATURE, public_key));
	note_key_write(&line, &id);
	buf_write_u8(&line, '\n');
	TRY(file_make_directory(AT_FDCWD, path, 0700));
	TRY(file_open_directory(&directory, AT_FDCWD, path));
	TRY(file_make_directory(directory, "state", 0700));
	TRY(write_key(directory, key));
	TRY(file_write_new(directory, "logs", S("# log <vkey> [<url>]\n"), 0644));
	TRY(file_write_atomic(directory, "vkey", buf_slice(&line), 0644));
	buf_write(vkey, slice_part(buf_slice(&line), 0, line.size - 1));
	return buf_done(vkey);
}

enum err witness_log_add(const char *path, struct slice vkey, struct slice url)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(file_close) int directory = -1;
	AUTO(buf_free) struct buf text = buf_new(LOG_POLICY_MAX_TEXT);
	struct log_policy known;
	struct note_key key;

	TRY(note_key_parse(&key, vkey));
	if (key.type != NOTE_ED25519)
		return failure(ERR_FORMAT, "witness: that is not the key of a log");
	TRY(file_open_directory(&directory, AT_FDCWD, path));
	TRY(witness_logs_read(&known, &arena, directory));
	for (size_t i = 0; i < known.log_count; i++)
		if (strcmp(known.logs[i].key.name, key.name) == 0)
			return failure(ERR_CONFLICT, "witness: the log \"%s\" is known already",
				       key.name);
	TRY(file_read(&text, directory, "logs"));
	buf_printf(&text, "log %.*s%s%.*s\n", SLICE_PRINT(vkey), url.size ? " " : "",
		   SLICE_PRINT(url));
	TRY(buf_done(&text));
	return file_write_atomic(directory, "logs", buf_slice(&text), 0644);
}
