/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/init.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/keeper/keeper.h"

enum { INIT_USAGE = 2, INIT_MAX_LINE = 4096 };

struct init_wish {
	const char *directory;
	const char *origin;
	const char *escrow; /* NULL: none */
	bool wants_token;
	uint8_t credential[WIRE_ID];
	uint32_t expires_seconds;
	bool wants_approver;
	bool is_made;  /* the keys are there, and stay as they are */
	bool recovers; /* there may be approvers already */
	uint8_t approver[WIRE_PUBLIC];
	uint8_t person[WIRE_ID];
};

bool init_is_wanted(int argc, char **argv)
{
	return argc > 1 && (strcmp(argv[1], "--init") == 0 || strcmp(argv[1], "--approver") == 0);
}

static enum err read_token_wish(struct init_wish *wish, const char *credential, const char *expires)
{
	uint64_t seconds;

	TRY(text_read_uuid(wish->credential, slice_of_string(credential)));
	if (!slice_to_u64(slice_of_string(expires), UINT32_MAX, &seconds))
		return failure(ERR_FORMAT, "\"%s\" is no time in seconds since 1970", expires);
	wish->expires_seconds = (uint32_t)seconds;
	wish->wants_token = true;
	return OK;
}

static enum err read_approver_wish(struct init_wish *wish, const char *key, const char *person)
{
	AUTO(buf_free) struct buf bytes = buf_new(2 * WIRE_PUBLIC);

	if (text_read_base64(&bytes, slice_of_string(key), TEXT_BASE64) != OK ||
	    bytes.size != WIRE_PUBLIC)
		return failure(ERR_FORMAT, "\"%s\" is no public key: base64 of %d bytes", key,
			       WIRE_PUBLIC);
	memcpy(wish->approver, bytes.data, WIRE_PUBLIC);
	wish->wants_approver = true;
	return text_read_uuid(wish->person, slice_of_string(person));
}

static enum err read_wish(struct init_wish *wish, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--init") == 0 && i + 1 < argc)
			wish->directory = argv[++i];
		else if (strcmp(argv[i], "--origin") == 0 && i + 1 < argc)
			wish->origin = argv[++i];
		else if (strcmp(argv[i], "--escrow") == 0 && i + 1 < argc)
			wish->escrow = argv[++i];
		else if (strcmp(argv[i], "--init-token") == 0 && i + 2 < argc) {
			TRY(read_token_wish(wish, argv[i + 1], argv[i + 2]));
			i += 2;
		} else if (strcmp(argv[i], "--approver") == 0 && i + 2 < argc) {
			TRY(read_approver_wish(wish, argv[i + 1], argv[i + 2]));
			i += 2;
		} else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc) {
			wish->directory = argv[++i];
			wish->is_made = true;
		} else if (strcmp(argv[i], "--recover") == 0)
			wish->recovers = true;
		else
			return failure(ERR_FORMAT, "\"%s\" is not understood", argv[i]);
	}
	if (!wish->directory || !wish->origin)
		return failure(ERR_FORMAT,
			       "--init DIR (or --dir DIR) and --origin ORIGIN are needed");
	return OK;
}

static void put_base64(json_t *object, const char *name, struct slice bytes)
{
	AUTO(buf_free) struct buf text = buf_new(INIT_MAX_LINE);

	text_write_base64(&text, bytes, TEXT_BASE64);
	json_put_text(object, name, buf_slice(&text));
}

static enum err put_keys(json_t *object, const struct keeper *k)
{
	AUTO(buf_free) struct buf vkey = buf_new(WIRE_MAX_VKEY);
	struct keeper_facts facts;

	keeper_facts(k, &facts);
	TRY(keeper_write_vkey(k, &vkey));
	json_put_text(object, "log_vkey", buf_slice(&vkey));
	put_base64(object, "token_key", slice_of(facts.token_key.public_key, SIGN_PUBLIC));
	put_base64(object, "license_key", slice_of(facts.license_public, SIGN_PUBLIC));
	json_put_text(object, "escrow", facts.escrow);
	return OK;
}

static enum err put_token(json_t *object, struct keeper *k, const struct init_wish *wish)
{
	AUTO(buf_free) struct buf token = buf_new(WIRE_MAX_TOKEN);

	TRY(keeper_first_token(k, wish->credential, wish->expires_seconds, &token));
	json_put_text(object, "token", buf_slice(&token));
	return OK;
}

/* Asking for the first token again finds the keys there. */
static enum err create_or_find(int directory, const struct init_wish *wish)
{
	if (wish->is_made)
		return OK;
	if (wish->wants_token && faccessat(directory, "keyring", F_OK, 0) == 0)
		return OK;
	return keeper_create(directory, slice_of_string(wish->escrow));
}

static enum err put_approver(struct keeper *k, const struct init_wish *wish)
{
	if (!wish->wants_approver)
		return OK;
	if (wish->recovers)
		return keeper_recover_approver(k, wish->approver, wish->person);
	return keeper_first_approver(k, wish->approver, wish->person);
}

static enum err open_directory(int *out, const struct init_wish *wish)
{
	if (!wish->is_made)
		TRY(file_make_directory(AT_FDCWD, wish->directory, 0700));
	return file_open_directory(out, AT_FDCWD, wish->directory);
}

static enum err run(const struct init_wish *wish)
{
	AUTO(file_close) int directory = -1;
	AUTO(keeper_auto) struct keeper *k = NULL;
	AUTO(json_auto) json_t *object = json_object_new();
	AUTO(buf_free) struct buf line = buf_new(INIT_MAX_LINE);

	TRY(open_directory(&directory, wish));
	TRY(create_or_find(directory, wish));
	TRY(keeper_open(&k, directory, slice_of_string(wish->origin)));
	TRY(put_approver(k, wish));
	TRY(put_keys(object, k));
	if (wish->wants_token)
		TRY(put_token(object, k, wish));
	TRY(json_write_canonical(&line, object));
	buf_write(&line, S("\n"));
	TRY(buf_done(&line));
	return file_write_all(STDOUT_FILENO, buf_slice(&line));
}

int init_main(int argc, char **argv)
{
	struct init_wish wish = {0};

	umask(077);
	if (read_wish(&wish, argc, argv) != OK) {
		fprintf(stderr,
			"sallyport-keeper: %s\nusage: sallyport-keeper --init DIR --origin ORIGIN "
			"[--escrow age1...] [--init-token CREDENTIAL EXPIRES] "
			"[--approver KEY PERSON]\n"
			"       sallyport-keeper --approver KEY PERSON --dir DIR --origin ORIGIN "
			"[--recover]\n",
			failure_text());
		return INIT_USAGE;
	}
	if (run(&wish) == OK)
		return 0;
	fprintf(stderr, "sallyport-keeper: %s\n", failure_text());
	return 1;
}
