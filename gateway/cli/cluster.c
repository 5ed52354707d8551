/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/cluster.h"

#include <assert.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "gateway/cli/child.h"

enum {
	START_MS = 60000,
	STOP_MS = 20000,
	POLL_MS = 50,
	PASSWORD_BYTES = 24,
	MAX_PASSWORD = 128,
};

static const char port[] = "5432";

struct cluster {
	struct arena arena;
	const char *data;
	const char *socket;
	const char *password_file;
	const char *log;
	const char *programs; /* folder of initdb and postgres */
	bool other_user;
	uid_t uid;
	gid_t gid;
	pid_t server;
};

/* Debian keeps one folder a version; the newest is taken. */
static enum err find_programs(struct cluster *c)
{
	static const char *const patterns[] = {"/usr/lib/postgresql/[0-9]/bin/initdb",
					       "/usr/lib/postgresql/[0-9][0-9]/bin/initdb",
					       "/usr/local/pgsql/bin/initdb", "/usr/bin/initdb"};
	glob_t found = {0};

	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
		glob(patterns[i], i && found.gl_pathv ? GLOB_APPEND : 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		size_t size = strlen(path) - strlen("/initdb");

		if (!c->programs || slice_starts_with(slice_of_string(path), S("/usr/lib/")))
			c->programs = arena_string(&c->arena, slice_of(path, size));
	}
	globfree(&found);
	if (!c->programs)
		return failure(ERR_NOT_FOUND, "PostgreSQL is not installed (no initdb in "
					      "/usr/lib/postgresql); apt-get install postgresql");
	return OK;
}

static enum err find_user(struct cluster *c)
{
	const struct passwd *entry;

	c->other_user = geteuid() == 0;
	if (!c->other_user)
		return OK;
	entry = getpwnam("postgres");
	if (!entry)
		entry = getpwnam("nobody");
	if (!entry)
		return failure(ERR_NOT_FOUND, "PostgreSQL does not run as root, and there is "
					      "neither a user postgres nor nobody");
	c->uid = entry->pw_uid;
	c->gid = entry->pw_gid;
	return OK;
}

static enum err name_paths(struct cluster *c, const char *dir)
{
	struct sockaddr_un address;

	if (strlen(dir) + sizeof "/socket/.s.PGSQL.5432" > sizeof address.sun_path)
		return failure(ERR_LIMIT,
			       "\"%s\" is too long for a unix socket below it; choose a path of "
			       "at most %zu characters",
			       dir, sizeof address.sun_path - sizeof "/socket/.s.PGSQL.5432");
	c->data = arena_printf(&c->arena, "%s/pg", dir);
	c->socket = arena_printf(&c->arena, "%s/socket", dir);
	c->password_file = arena_printf(&c->arena, "%s/socket/superuser.password", dir);
	c->log = arena_printf(&c->arena, "%s/pg.log", dir);
	return OK;
}

static enum err give(const struct cluster *c, const char *path)
{
	if (c->other_user && chown(path, c->uid, c->gid) != 0)
		return failure_errno("\"%s\" cannot change hands", path);
	return OK;
}

static enum err make_password(const struct cluster *c)
{
	AUTO(buf_free) struct buf text = buf_new(MAX_PASSWORD);
	uint8_t bytes[PASSWORD_BYTES];
	enum err result;

	random_bytes(bytes, sizeof bytes);
	text_write_hex(&text, slice_of(bytes, sizeof bytes));
	buf_write_string(&text, "\n");
	result = file_write_atomic(AT_FDCWD, c->password_file, buf_slice(&text), 0600);
	secret_wipe(bytes, sizeof bytes);
	secret_wipe(text.data, text.size);
	TRY(result);
	return give(c, c->password_file);
}

static struct child_plan plan_of(const struct cluster *c, const char *const *arguments)
{
	struct child_plan plan = child_plan_of(arguments);

	plan.other_user = c->other_user;
	plan.uid = c->uid;
	plan.gid = c->gid;
	return plan;
}

static enum err make_cluster(struct cluster *c)
{
	const char *const arguments[] = {
		arena_printf(&c->arena, "%s/initdb", c->programs),
		"--pgdata",
		c->data,
		"--username=postgres",
		"--auth=scram-sha-256",
		arena_printf(&c->arena, "--pwfile=%s", c->password_file),
		"--encoding=UTF8",
		"--no-locale",
		"--no-instructions",
		NULL,
	};
	struct child_plan plan = plan_of(c, arguments);
	AUTO(buf_free) struct buf output = buf_new(CHILD_MAX_OUTPUT);

	TRY(file_make_directory(AT_FDCWD, c->data, 0700));
	TRY(file_make_directory(AT_FDCWD, c->socket, 0755));
	TRY(give(c, c->data));
	TRY(give(c, c->socket));
	TRY(make_password(c));
	return child_run(&output, &plan);
}

static enum err launch(struct cluster *c)
{
	const char *const arguments[] = {
		arena_printf(&c->arena, "%s/postgres", c->programs),
		"-D",
		c->data,
		"-k",
		c->socket,
		"-p",
		port,
		"-c",
		"listen_addresses=",
		"-c",
		"fsync=on",
		"-c",
		"max_connections=1000", /* of 16 edges with 48 workers each, and some to spare */
		NULL,
	};
	struct child_plan plan = plan_of(c, arguments);
	AUTO(file_close) int log = open(c->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	if (log < 0)
		return failure_errno("\"%s\" cannot be opened", c->log);
	plan.output = log;
	plan.death_signal = SIGINT; /* a fast, clean shutdown */
	return child_start(&c->server, &plan);
}

/* Asks for what every cluster has, until it is given or time is up. */
static enum err wait_until_up(struct cluster *c)
{
	struct database database = cluster_database(c, "postgres");
	struct migrate_target target = database_target(&database, "postgres");
	int64_t deadline = clock_monotonic_ms() + START_MS;
	int code;

	for (;;) {
		enum err result = migrate_create_database(&target, "postgres");

		if (result == OK)
			return OK;
		if (child_has_ended(&c->server, &code))
			return failure(ERR_UNAVAILABLE,
				       "PostgreSQL ended with %d; why is told in %s", code, c->log);
		if (result != ERR_UNAVAILABLE || clock_monotonic_ms() > deadline)
			return result;
		poll(NULL, 0, POLL_MS);
	}
}

enum err cluster_start(struct cluster **out, const char *dir)
{
	AUTO(cluster_auto) struct cluster *c = calloc(1, sizeof *c);

	assert(c);
	TRY(name_paths(c, dir));
	TRY(find_programs(c));
	TRY(find_user(c));
	TRY(make_cluster(c));
	TRY(launch(c));
	TRY(wait_until_up(c));
	*out = c;
	c = NULL; /* given away */
	return OK;
}

struct database cluster_database(const struct cluster *c, const char *name)
{
	return (struct database){.host = c->socket,
				 .port = port,
				 .name = name,
				 .user = "postgres",
				 .password_file = c->password_file};
}

enum err cluster_connection_string(const char **out, struct arena *arena, const struct cluster *c,
				   const char *name)
{
	AUTO(buf_free) struct buf password = buf_new(MAX_PASSWORD);

	TRY(file_read(&password, AT_FDCWD, c->password_file));
	*out = arena_printf(arena, "host='%s' port=%s dbname=%s user=postgres password=%.*s",
			    c->socket, port, name,
			    SLICE_PRINT(slice_part(buf_slice(&password), 0, 2 * PASSWORD_BYTES)));
	secret_wipe(password.data, password.size);
	return OK;
}

void cluster_free(struct cluster *c)
{
	if (!c)
		return;
	child_stop(&c->server, SIGINT, STOP_MS);
	arena_free(&c->arena);
	free(c);
}

/* Is it PostgreSQL, serving this folder? Its id may belong to another process by now. */
static bool serves(pid_t pid, const char *data)
{
	char path[64];
	char line[PATH_MAX + 256] = "";
	AUTO(file_close) int fd = -1;
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, line, sizeof line - 1);
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(line + at) + 1)
		if (strcmp(line + at, data) == 0)
			return true;
	return false;
}

enum err cluster_end_stray(const char *dir)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(buf_free) struct buf text = buf_new(4096);
	const char *data = arena_printf(&arena, "%s/pg", dir);
	int64_t deadline = clock_monotonic_ms() + STOP_MS;
	struct slice line, rest;
	uint64_t pid;
	enum err result = file_read(&text, AT_FDCWD,
				    arena_printf(&arena, "%s/postmaster.pid", data));

	if (result != OK)
		return result == ERR_NOT_FOUND ? OK : result;
	slice_cut(buf_slice(&text), '\n', &line, &rest);
	if (!slice_to_u64(line, INT32_MAX, &pid) || pid < 2 || !serves((pid_t)pid, data))
		return OK;
	kill((pid_t)pid, SIGINT);
	while (serves((pid_t)pid, data)) {
		if (clock_monotonic_ms() > deadline)
			return failure(ERR_TIMEOUT, "the PostgreSQL left in \"%s\" does not stop",
				       data);
		poll(NULL, 0, POLL_MS);
	}
	return OK;
}
