/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/setup.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "gateway/cli/bootstrap.h"
#include "gateway/cli/child.h"
#include "gateway/cli/operator.h"
#include "gateway/cli/tls_files.h"
#include "gateway/proc/settings.h"
#include "schema/store/key.h"

#define UNFINISHED "keeper.unfinished"

enum { PASSWORD_BYTES = 24, DAY_SECONDS = 24 * 3600 };

static const char *const database_roles[] = {"edge", "scribe", "auditor"};
enum { ROLE_COUNT = sizeof database_roles / sizeof database_roles[0] };

/* A setup under way. */
struct work {
	const struct setup *s;
	struct arena *arena;
	int dir;
	struct store_credential credential;
	uint8_t person[STORE_ID]; /* the operator */
	const char *origin;
	struct setup_done *done;
};

static enum err make_folders(struct work *w)
{
	static const struct {
		const char *name;
		mode_t mode;
	} folders[] = {{"keeper", 0700}, {"store", 0750}, {"log", 0755},
		       {"run", 0755},    {"tls", 0755},   {"secrets", 0700}};

	TRY(file_make_directory(AT_FDCWD, w->s->dir, 0755));
	TRY(file_open_directory(&w->dir, AT_FDCWD, w->s->dir));
	if (faccessat(w->dir, "gateway.ini", F_OK, 0) == 0)
		return failure(ERR_CONFLICT,
			       "\"%s\" holds a gateway already; start it with `sallyport serve "
			       "--config %s/gateway.ini`",
			       w->s->dir, w->s->dir);
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		TRY(file_make_directory(w->dir, folders[i].name, folders[i].mode));
	return OK;
}

static enum err make_password(struct work *w, const char *role)
{
	AUTO(buf_free) struct buf text = buf_new(128);
	uint8_t bytes[PASSWORD_BYTES];
	enum err result;

	random_bytes(bytes, sizeof bytes);
	text_write_hex(&text, slice_of(bytes, sizeof bytes));
	buf_write_string(&text, "\n");
	result = file_write_new(w->dir, arena_printf(w->arena, "secrets/%s.password", role),
				buf_slice(&text), 0600);
	secret_wipe(bytes, sizeof bytes);
	secret_wipe(text.data, text.size);
	return result == ERR_CONFLICT ? OK : result; /* left by a setup that failed later */
}

static const char *password_file(const struct work *w, const char *role)
{
	return arena_printf(w->arena, "%s/secrets/%s.password", w->s->dir, role);
}

static enum err make_certificate(struct work *w)
{
	AUTO(file_close) int tls = -1;

	if (w->s->certificate)
		return OK;
	TRY(file_open_directory(&tls, w->dir, "tls"));
	w->done->ca = arena_printf(w->arena, "%s/tls/ca.pem", w->s->dir);
	if (faccessat(tls, "ca.pem", F_OK, 0) == 0)
		return OK;
	return tls_files_create(tls, w->s->hosts, w->s->host_count);
}

static enum err take(const char **out, struct work *w, const json_t *object, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, object, name));
	*out = arena_string(w->arena, text);
	return OK;
}

static enum err read_keeper_line(struct work *w, struct slice line)
{
	AUTO(json_auto) json_t *object = NULL;

	TRY(json_read(&object, line, CHILD_MAX_OUTPUT));
	TRY(take(&w->done->token, w, object, "token"));
	TRY(take(&w->done->log_vkey, w, object, "log_vkey"));
	return take(&w->done->license_key, w, object, "license_key");
}

static void list_auto(DIR **list)
{
	if (*list)
		closedir(*list);
}

/* Keys are made in a folder of this name, which becomes "keeper" at the end: what a setup that
 * failed has left can be removed without ever touching the keys of a gateway. */
static enum err empty_unfinished(struct work *w)
{
	AUTO(list_auto) DIR *list = NULL;
	int dir;

	TRY(file_make_directory(w->dir, UNFINISHED, 0700));
	TRY(file_open_directory(&dir, w->dir, UNFINISHED));
	list = fdopendir(dir); /* owns dir */
	for (const struct dirent *e = list ? readdir(list) : NULL; e; e = readdir(list)) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dir, e->d_name, 0) != 0)
			return failure_errno("\"" UNFINISHED "/%s\" cannot be removed", e->d_name);
	}
	return OK;
}

static enum err refuse_keys(struct work *w)
{
	struct stat status;

	if (fstatat(w->dir, "keeper/root.key", &status, AT_SYMLINK_NOFOLLOW) != 0)
		return OK;
	return failure(
		ERR_CONFLICT,
		"\"%s/keeper\" holds the keys of a gateway, yet there is no gateway.ini: put "
		"that back, or name another directory; keys are never overwritten",
		w->s->dir);
}

static const char *base64_of(struct work *w, const uint8_t key[STORE_PUBLIC_KEY])
{
	AUTO(buf_free) struct buf text = buf_new(2 * STORE_PUBLIC_KEY);

	text_write_base64(&text, slice_of(key, STORE_PUBLIC_KEY), TEXT_BASE64);
	return arena_string(w->arena, buf_slice(&text));
}

/* Keys are made by the keeper's program; nothing of them passes here but the operator's token. */
static enum err make_keys(struct work *w)
{
	AUTO(buf_free) struct buf line = buf_new(CHILD_MAX_OUTPUT);
	const char *credential = arena_alloc(w->arena, TEXT_UUID);
	char folder[PATH_MAX];
	const char *arguments[16] = {NULL};
	size_t count = 0;
	struct child_plan plan = child_plan_of(arguments);
	enum err result;

	TRY(empty_unfinished(w));
	TRY(child_own_folder(folder, sizeof folder));
	text_uuid((char *)(uintptr_t)credential, w->credential.id);
	arguments[count++] = arena_printf(w->arena, "%s/sallyport-keeper", folder);
	arguments[count++] = "--init";
	arguments[count++] = arena_printf(w->arena, "%s/" UNFINISHED, w->s->dir);
	arguments[count++] = "--origin";
	arguments[count++] = w->origin;
	arguments[count++] = "--init-token";
	arguments[count++] = credential;
	arguments[count++] = arena_printf(w->arena, "%lld",
					  (long long)(w->credential.expires_ms / 1000));
	if (w->s->escrow) {
		arguments[count++] = "--escrow";
		arguments[count++] = w->s->escrow;
	}
	if (w->s->approver) {
		arguments[count++] = "--approver";
		arguments[count++] = base64_of(w, w->s->approver);
		arguments[count++] = w->done->person;
	}
	result = child_run(&line, &plan);
	if (result == OK)
		result = read_keeper_line(w, buf_slice(&line));
	secret_wipe(line.data, line.size);
	return result;
}

/* Another setup's passwords are not to be replaced: its gateway would lose its database. */
static enum err refuse_taken_cluster(struct work *w, const struct migrate_target *server)
{
	bool taken;

	if (faccessat(w->dir, "secrets/edge.password", F_OK, 0) == 0)
		return OK; /* ours: a setup that failed later */
	TRY(migrate_role_is_taken(&taken, server, "sallyport_edge"));
	if (taken)
		return failure(
			ERR_CONFLICT,
			"this PostgreSQL belongs to a gateway already, whose passwords would "
			"be replaced; go on in that gateway's directory, or take a cluster of "
			"its own");
	return OK;
}

static enum err prepare_database(struct work *w)
{
	const struct database *d = &w->s->database;
	struct migrate_target server = database_target(d, "postgres");
	struct migrate_target target = database_target(d, d->name);
	unsigned applied;

	TRY(refuse_taken_cluster(w, &server));
	TRY(migrate_create_database(&server, d->name));
	TRY(migrate_run(&target, &applied));
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		const char *role = arena_printf(w->arena, "sallyport_%s", database_roles[i]);

		TRY(make_password(w, database_roles[i]));
		TRY(migrate_set_password(&target, role, password_file(w, database_roles[i])));
	}
	return OK;
}

static enum err add_operator(struct work *w)
{
	AUTO(store_auto) struct store *store = NULL;
	struct store_settings settings = {.host = w->s->database.host,
					  .port = w->s->database.port,
					  .database = w->s->database.name,
					  .role = "sallyport_edge",
					  .password_file = password_file(w, "edge"),
					  .statement_timeout_ms = 10000};
	struct operator_gateway gateway = {
		.origin = slice_of_string(w->origin),
		.log_vkey = slice_of_string(w->done->log_vkey),
		.license_key = slice_of_string(w->done->license_key),
		.escrow = slice_of_string(w->s->escrow ? w->s->escrow : ""),
		.person = w->person,
		.approver = w->s->approver,
	};
	char code[ONE_TIME_CODE + 1];

	TRY(store_new(&store, &settings));
	TRY(operator_add(store, SETUP_OPERATOR, &w->credential, &gateway,
			 w->credential.created_ms));
	TRY(bootstrap_code(code, store, w->person, S("bootstrap"), w->credential.created_ms));
	w->done->code = arena_string(w->arena, slice_of_string(code));
	return OK;
}

static enum err settings_text(struct buf *text, struct work *w)
{
	const struct setup *s = w->s;

	buf_printf(text,
		   "; Written by sallyport init. All settings: sallyportd --settings\n"
		   "[gateway]\ndata_dir = %s\nlisten = %s\norigin = %s\n"
		   "external_url = %s\n",
		   s->dir, s->listen, w->origin, s->external_url);
	if (s->certificate)
		buf_printf(text, "tls_certificate = %s\ntls_key = %s\n", s->certificate, s->key);
	else
		buf_printf(text,
			   "tls_certificate = %s/tls/server.pem\ntls_key = %s/tls/server.key\n",
			   s->dir, s->dir);
	buf_write_string(text, s->more ? s->more : "");
	buf_printf(text, "\n[database]\nhost = %s\nport = %s\nname = %s\n", s->database.host,
		   s->database.port, s->database.name);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		buf_printf(text, "%s_password_file = %s\n", database_roles[i],
			   password_file(w, database_roles[i]));
	return buf_done(text);
}

/* What `serve` would refuse is refused before anything is made. */
static enum err check_settings(struct work *w)
{
	static struct settings checked;
	AUTO(buf_free) struct buf text = buf_new(SETTINGS_MAX_FILE);

	TRY(settings_text(&text, w));
	return settings_parse(&checked, buf_slice(&text), "gateway.ini");
}

static enum err finish(struct work *w)
{
	AUTO(buf_free) struct buf text = buf_new(SETTINGS_MAX_FILE);

	TRY(settings_text(&text, w));
	if (renameat(w->dir, UNFINISHED, w->dir, "keeper") != 0)
		return failure_errno("\"%s/" UNFINISHED "\" cannot become \"keeper\"", w->s->dir);
	w->done->config = arena_printf(w->arena, "%s/gateway.ini", w->s->dir);
	return file_write_new(w->dir, "gateway.ini", buf_slice(&text), 0644);
}

/* The log is named after where it is read: https://host:port -> host:port/log. */
static enum err name_log(struct work *w)
{
	struct slice url = slice_of_string(w->s->external_url);

	if (!slice_starts_with(url, S("https://")) || slice_ends_with(url, S("/")))
		return failure(ERR_FORMAT,
			       "\"%s\": https://host:port without a slash at its end is "
			       "expected",
			       w->s->external_url);
	w->origin = arena_printf(w->arena, "%s/log", w->s->external_url + strlen("https://"));
	return OK;
}

static const char *uuid_text(struct arena *arena, const uint8_t id[STORE_ID])
{
	char *text = arena_alloc(arena, TEXT_UUID);

	text_uuid(text, id);
	return text;
}

static void close_dir(struct work *w)
{
	file_close(&w->dir);
}

enum err setup_run(struct setup_done *out, struct arena *arena, const struct setup *s)
{
	AUTO(close_dir) struct work w = {.s = s, .arena = arena, .dir = -1, .done = out};
	int64_t now = clock_now_ms();

	*out = (struct setup_done){.config = NULL};
	if ((s->certificate == NULL) != (s->key == NULL))
		return failure(ERR_FORMAT, "a certificate and its key go together");
	random_uuid(w.credential.id, now);
	random_uuid(w.person, now);
	out->person = uuid_text(arena, w.person);
	w.credential.name = S("first");
	w.credential.created_ms = now;
	w.credential.expires_ms = (now / 1000 + (int64_t)SETUP_OPERATOR_DAYS * DAY_SECONDS) * 1000;
	TRY(name_log(&w));
	TRY(check_settings(&w));
	TRY(make_folders(&w));
	TRY(refuse_keys(&w));
	TRY(make_certificate(&w));
	TRY(prepare_database(&w));
	TRY(make_keys(&w));
	TRY(add_operator(&w));
	return finish(&w);
}
