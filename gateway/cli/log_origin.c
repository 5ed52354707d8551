/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way out for a gateway that was put back to a backup, and halted because witnesses have seen
 * more of its log: what is lost stays lost, and is said. The log goes on under a new origin, with
 * the entries that are here, and an entry that names the newest checkpoint of the old one.
 */
#include <fcntl.h>
#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/note.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/operator.h"
#include "gateway/cli/output.h"
#include "schema/audit/event.h"
#include "schema/store/log.h"

struct continuation {
	const struct settings *settings;
	const char *config;
	struct slice origin;   /* the new one */
	struct slice note;     /* of the old one: the newest that a witness has */
	struct checkpoint old; /* what it says */
	uint64_t kept;         /* entries that are here */
};

static enum err read_checkpoint(struct checkpoint *out, struct slice *note, struct arena *arena,
				const char *path)
{
	AUTO(buf_free) struct buf bytes = buf_new(NOTE_MAX);
	struct slice text;

	TRY(file_read(&bytes, AT_FDCWD, path));
	*note = arena_copy(arena, buf_slice(&bytes));
	TRY(note_text(&text, *note));
	return checkpoint_parse(out, text);
}

static enum err check(const struct continuation *c)
{
	static const uint8_t any_key[SIGN_PUBLIC];
	struct note_key name;

	if (!slice_equal(c->old.origin, slice_of_string(c->settings->origin)))
		return failure(ERR_CONFLICT,
			       "the checkpoint is of \"%.*s\", and this log of \"%s\"",
			       SLICE_PRINT(c->old.origin), c->settings->origin);
	if (slice_equal(c->origin, c->old.origin))
		return failure(ERR_CONFLICT, "the new origin must be another one");
	return note_key_make(&name, c->origin, NOTE_ED25519, any_key);
}

static enum err tell(struct store *store, const struct continuation *c)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(buf_free) struct buf root = buf_new(2 * DIGEST_SIZE);
	int64_t now_ms = clock_now_ms();
	struct store_event row;

	text_write_base64(&root, digest_slice(&c->old.root), TEXT_BASE64);
	audit_event_begin(&event, AUDIT_LOG_CONTINUE, NULL, S("operator of the machine"));
	audit_event_text(&event, "origin", c->origin);
	audit_event_text(&event, "old_origin", c->old.origin);
	audit_event_number(&event, "old_size", (int64_t)c->old.size);
	audit_event_text(&event, "old_root", buf_slice(&root));
	audit_event_text(&event, "old_checkpoint", c->note);
	audit_event_number(&event, "kept", (int64_t)c->kept);
	TRY(audit_event_end(&event, now_ms));
	row = audit_event_row(&event);
	return store_audit_insert(store, &row);
}

/* The one line "origin = ..." of the settings. */
static enum err write_settings(const struct continuation *c)
{
	AUTO(buf_free) struct buf text = buf_new(SETTINGS_MAX_FILE);
	AUTO(buf_free) struct buf out = buf_new(SETTINGS_MAX_FILE);
	struct slice line, name, value, rest;

	TRY(file_read(&text, AT_FDCWD, c->config));
	rest = buf_slice(&text);
	while (rest.size) {
		slice_cut(rest, '\n', &line, &rest);
		if (slice_cut(line, '=', &name, &value) &&
		    slice_equal(slice_trim(name), S("origin")))
			buf_printf(&out, "origin = %.*s\n", SLICE_PRINT(c->origin));
		else
			buf_printf(&out, "%.*s\n", SLICE_PRINT(line));
	}
	TRY(buf_done(&out));
	return file_write_atomic(AT_FDCWD, c->config, buf_slice(&out), 0644);
}

/* The halt is lifted by the role that numbers entries; the edge's may not. */
static enum err lift_halt(const struct settings *s)
{
	AUTO(store_auto) struct store *store = NULL;
	char port[8];
	const struct store_settings wanted = {
		.host = s->database_host,
		.port = port,
		.database = s->database_name,
		.role = "sallyport_scribe",
		.password_file = s->scribe_password_file[0] ? s->scribe_password_file : NULL,
	};

	snprintf(port, sizeof port, "%d", (int)s->database_port);
	TRY(store_new(&store, &wanted));
	return store_log_resume(store);
}

static enum err go_on(struct cli *cli, const struct continuation *c)
{
	AUTO(store_auto) struct store *store = NULL;
	struct store_audit_state state;

	TRY(operator_open(&store, &cli->arena, c->settings));
	TRY(store_audit_state(store, &cli->arena, &state));
	if (!state.read_only)
		return failure(ERR_CONFLICT, "this log is not halted: it needs no new origin");
	TRY(tell(store, c));
	TRY(write_settings(c));
	return lift_halt(c->settings);
}

enum err command_log_new_origin(struct cli *cli)
{
	static struct settings settings;
	struct continuation c = {.settings = &settings};
	struct checkpoint here = {.size = 0};
	const char *origin, *path;
	struct slice note;

	TRY(cli_need(&c.config, cli, "config"));
	TRY(cli_need(&origin, cli, "origin"));
	TRY(cli_need(&path, cli, "checkpoint"));
	TRY(settings_read(&settings, c.config));
	c.origin = slice_of_string(origin);
	TRY(read_checkpoint(&c.old, &c.note, &cli->arena, path));
	TRY(check(&c));
	TRY(read_checkpoint(&here, &note, &cli->arena,
			    arena_printf(&cli->arena, "%s/log/checkpoint", settings.data_dir)));
	c.kept = here.size;
	TRY(go_on(cli, &c));
	return output_done(cli, NULL,
			   "The log goes on as %s, with the %llu entries that are here. Start the "
			   "gateway,\nand tell witnesses and auditors its new key (GET /log/vkey).",
			   origin, (unsigned long long)c.kept);
}
