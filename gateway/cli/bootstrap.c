/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/bootstrap.h"

#include "crypto/base/clock.h"
#include "crypto/random.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/operator.h"
#include "gateway/cli/output.h"
#include "gateway/proc/settings.h"
#include "policy/rights.h"
#include "schema/audit/event.h"
#include "schema/store/audit.h"
#include "schema/store/signin.h"

static const int64_t day_ms = 24 * 3600 * 1000;

static enum err insert(struct store *store, struct audit_event *event, int64_t now_ms)
{
	struct store_event row;

	TRY(audit_event_end(event, now_ms));
	row = audit_event_row(event);
	return store_audit_insert(store, &row);
}

/* The gateway's own machine acts: nobody who has signed in. */
static void begin(struct audit_event *event, enum audit_kind kind, const uint8_t person[STORE_ID])
{
	audit_event_begin(event, kind, NULL, S("gateway"));
	audit_event_uuid(event, "person", person);
}

enum err bootstrap_code(char out[ONE_TIME_CODE + 1], struct store *store,
			const uint8_t person[STORE_ID], struct slice purpose, int64_t now_ms)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_code code = {.purpose = purpose,
				  .made_ms = now_ms,
				  .expires_ms = now_ms + ONE_TIME_DAYS * day_ms};
	struct digest hash;

	one_time_make(out);
	TRY(one_time_hash(&hash, slice_of_string(out)));
	memcpy(code.sha256, hash.bytes, STORE_CODE_SHA256);
	memcpy(code.person, person, STORE_ID);
	begin(&event, AUDIT_PERSON_INVITE, person);
	audit_event_text(&event, "purpose", purpose);
	audit_event_number(&event, "expires", code.expires_ms / 1000);
	TRY(store_code_make(store, &code));
	return insert(store, &event, now_ms);
}

static enum err add(struct store_person *out, struct store *store, struct slice name,
		    int64_t now_ms)
{
	static const uint8_t nobody[STORE_ID];
	AUTO(audit_event_clear) struct audit_event event = {0};

	*out = (struct store_person){.name = name, .state = S("active"), .created_ms = now_ms};
	random_uuid(out->id, now_ms);
	begin(&event, AUDIT_PERSON_ADD, out->id);
	audit_event_text(&event, "name", name);
	TRY(store_person_add(store, out, nobody));
	return insert(store, &event, now_ms);
}

static enum err let_in(struct store *store, const struct store_person *person, int64_t now_ms)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (slice_equal(person->state, S("active")))
		return OK;
	begin(&event, AUDIT_PERSON_REINSTATE, person->id);
	TRY(store_person_set_state(store, person->id, S("active")));
	return insert(store, &event, now_ms);
}

static enum err give_offices(struct store *store, const struct store_person *person, int64_t now_ms)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_office office = {.granted_ms = now_ms};

	memcpy(office.person, person->id, STORE_ID);
	for (int r = 0; r < RIGHT_COUNT; r++) {
		office.office = slice_of_string(right_name((enum right)r));
		if (right_is_office((enum right)r))
			TRY(store_office_grant(store, &office));
	}
	begin(&event, AUDIT_OFFICE_GRANT, person->id);
	audit_event_text(&event, "offices", S("all"));
	return insert(store, &event, now_ms);
}

enum err bootstrap_administrator(struct store_person *out, struct arena *arena, struct store *store,
				 struct slice name, int64_t now_ms)
{
	enum err result = store_person_by_name(store, arena, out, name);

	if (result == ERR_NOT_FOUND)
		result = add(out, store, name, now_ms);
	TRY(result);
	TRY(let_in(store, out, now_ms));
	return give_offices(store, out, now_ms);
}

static enum err recover(char code[ONE_TIME_CODE + 1], struct cli *cli, struct store *connection,
			struct slice name)
{
	AUTO(store_end) struct store *store = connection;
	int64_t now_ms = clock_now_ms();
	struct store_person person;

	TRY(store_begin(store));
	TRY(bootstrap_administrator(&person, &cli->arena, store, name, now_ms));
	TRY(bootstrap_code(code, store, person.id, S("recovery"), now_ms));
	return store_commit(store);
}

enum err command_recover_admin(struct cli *cli)
{
	static struct settings settings;
	AUTO(store_auto) struct store *store = NULL;
	AUTO(json_auto) json_t *answer = json_object_new();
	const char *name = arguments_value(&cli->arguments, "name"), *config;
	char code[ONE_TIME_CODE + 1];

	TRY(cli_need(&config, cli, "config"));
	TRY(settings_read(&settings, config));
	TRY(operator_open(&store, &cli->arena, &settings));
	if (!name)
		name = "operator";
	TRY(recover(code, cli, store, slice_of_string(name)));
	json_put_text(answer, "name", slice_of_string(name));
	json_put_text(answer, "code", slice_of_string(code));
	return output_done(cli, answer,
			   "%s holds every office. This code sets a password and signs in, once, "
			   "within %d days:\n%s",
			   name, ONE_TIME_DAYS, code);
}
