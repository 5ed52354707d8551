/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first approver of a gateway that was made without one, or one more where the others have lost
 * their keys: by hand on the gateway's machine, while it is stopped, into the keeper's journal. No
 * entry and no edge could do it.
 */
#include <limits.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "gateway/cli/child.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/operator.h"
#include "gateway/cli/output.h"
#include "gateway/proc/settings.h"
#include "schema/store/key.h"
#include "schema/store/person.h"

/* By name or id. */
static enum err find_person(struct store_person *out, struct arena *arena, struct store *store,
			    const char *wanted)
{
	struct store_person *persons;
	uint8_t id[STORE_ID] = {0};
	bool is_id = text_read_uuid(id, slice_of_string(wanted)) == OK;
	size_t count;

	TRY(store_person_list(store, arena, &persons, &count));
	for (size_t i = 0; i < count; i++) {
		*out = persons[i];
		if (is_id ? memcmp(out->id, id, STORE_ID) == 0
			  : slice_equal(out->name, slice_of_string(wanted)))
			return OK;
	}
	return failure(ERR_NOT_FOUND, "there is no person \"%s\"", wanted);
}

static enum err tell_keeper(struct cli *cli, const struct settings *s, const char *public_key,
			    const uint8_t person[STORE_ID])
{
	AUTO(buf_free) struct buf line = buf_new(CHILD_MAX_OUTPUT);
	char folder[PATH_MAX], id[TEXT_UUID];
	const char *arguments[10] = {NULL};
	struct child_plan plan = child_plan_of(arguments);
	size_t count = 0;

	TRY(child_own_folder(folder, sizeof folder));
	text_uuid(id, person);
	arguments[count++] = arena_printf(&cli->arena, "%s/sallyport-keeper", folder);
	arguments[count++] = "--approver";
	arguments[count++] = public_key;
	arguments[count++] = id;
	arguments[count++] = "--dir";
	arguments[count++] = arena_printf(&cli->arena, "%s/keeper", s->data_dir);
	arguments[count++] = "--origin";
	arguments[count++] = s->origin;
	if (arguments_flag(&cli->arguments, "recover"))
		arguments[count++] = "--recover";
	return child_run(&line, &plan);
}

/* The rows are committed once the keeper has it; if it refuses, they never were. */
static enum err enroll(struct cli *cli, const struct settings *s, struct store *connection,
		       const char *public_key, const struct store_person *person)
{
	AUTO(store_end) struct store *store = connection;
	AUTO(buf_free) struct buf bytes = buf_new(2 * STORE_PUBLIC_KEY);

	if (text_read_base64(&bytes, slice_of_string(public_key), TEXT_BASE64) != OK ||
	    bytes.size != STORE_PUBLIC_KEY)
		return cli_usage(cli,
				 "--public %s: base64 of %d bytes, as `sallyport key enroll` "
				 "prints it",
				 public_key, STORE_PUBLIC_KEY);
	TRY(store_begin(store));
	TRY(operator_tell_approver(store, person->id, bytes.data, clock_now_ms()));
	TRY(tell_keeper(cli, s, public_key, person->id));
	return store_commit(store);
}

enum err command_approver_first(struct cli *cli)
{
	static struct settings settings;
	AUTO(store_auto) struct store *store = NULL;
	const char *config, *public_key, *wanted;
	struct store_person person;

	TRY(cli_need(&config, cli, "config"));
	TRY(cli_need(&public_key, cli, "public"));
	TRY(cli_need(&wanted, cli, "person"));
	TRY(settings_read(&settings, config));
	TRY(operator_open(&store, &cli->arena, &settings));
	TRY(find_person(&person, &cli->arena, store, wanted));
	TRY(enroll(cli, &settings, store, public_key, &person));
	return output_done(cli, NULL,
			   "%.*s is an approver from the next start of the gateway on: it signs no "
			   "license without an approver's signature",
			   SLICE_PRINT(person.name));
}
