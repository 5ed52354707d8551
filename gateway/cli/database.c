/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/database.h"

static enum err set(struct database *d, struct arena *arena, struct slice name, struct slice value)
{
	static const char *const names[] = {"host", "port", "name", "user", "password_file"};
	const char **members[] = {&d->host, &d->port, &d->name, &d->user, &d->password_file};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!slice_equal(name, slice_of_string(names[i])))
			continue;
		if (*members[i])
			return failure(ERR_FORMAT, "database: %s is given twice", names[i]);
		*members[i] = arena_string(arena, value);
		return OK;
	}
	return failure(ERR_FORMAT,
		       "database: \"%.*s\" is not one of host, port, name, user, password_file",
		       SLICE_PRINT(name));
}

enum err database_parse(struct database *out, struct arena *arena, const char *text)
{
	struct slice rest = slice_of_string(text);
	uint64_t port;
	bool more = true;

	*out = (struct database){.host = NULL};
	while (more) {
		struct slice pair, name, value;

		more = slice_cut(rest, ' ', &pair, &rest);
		if (pair.size == 0)
			continue;
		if (!slice_cut(pair, '=', &name, &value) || value.size == 0)
			return failure(ERR_FORMAT, "database: \"%.*s\" is not name=value",
				       SLICE_PRINT(pair));
		TRY(set(out, arena, name, value));
	}
	if (!out->host)
		return failure(ERR_FORMAT, "database: host= is missing (a socket directory, as "
					   "/run/postgresql, or a host name)");
	out->port = out->port ? out->port : "5432";
	out->name = out->name ? out->name : "sallyport";
	out->user = out->user ? out->user : "postgres";
	if (!slice_to_u64(slice_of_string(out->port), 65535, &port) || port == 0)
		return failure(ERR_FORMAT, "database: port=%s is no port", out->port);
	return OK;
}

struct migrate_target database_target(const struct database *d, const char *name)
{
	return (struct migrate_target){.host = d->host,
				       .port = d->port,
				       .database = name,
				       .user = d->user,
				       .password_file = d->password_file};
}
