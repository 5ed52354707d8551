/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/library_card.h"

#include "schema/store/connection.h"
#include "schema/store/query.h"

enum err store_library_card_add(struct store *s, const struct store_library_card *card)
{
	static const struct store_statement insert = {
		"card_insert",
		"INSERT INTO library_card (id, institution, person, issued_by, "
		"reason, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};
	enum err result;

	store_put_id(&step, card->id);
	store_put_id(&step, card->institution);
	store_put_id(&step, card->person);
	store_put_id(&step, card->issued_by);
	store_put_text_or_null(&step, card->reason);
	store_put_time(&step, card->issued_ms);
	store_put_time(&step, card->expires_ms);
	result = store_run(s, &step, 1);
	if (result != OK && strcmp(store_constraint(s), "library_card_not_ones_own") == 0)
		return failure(ERR_DENIED, "nobody vouches for themselves");
	return result;
}

#define CARD_SELECT \
	"SELECT c.id, c.institution, i.name, c.person, p.name, c.issued_by, b.name, c.reason, " \
	"c.issued_at, c.expires_at, c.revoked_at FROM library_card c " \
	"JOIN institution i ON i.id = c.institution JOIN person p ON p.id = c.person " \
	"JOIN person b ON b.id = c.issued_by "

static void take_card(struct store_step *step, void *out)
{
	struct store_library_card *card = out;

	store_take_id(step, card->id);
	store_take_id(step, card->institution);
	card->institution_name = store_take_text(step);
	store_take_id(step, card->person);
	card->person_name = store_take_text(step);
	store_take_id(step, card->issued_by);
	card->issued_by_name = store_take_text(step);
	card->reason = store_take_text(step);
	card->issued_ms = store_take_time(step);
	card->expires_ms = store_take_time(step);
	card->revoked_ms = store_take_time(step);
}

enum err store_library_card_get(struct store *s, struct arena *arena,
				struct store_library_card *out, const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"card_get", CARD_SELECT "WHERE c.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_card, "library card");
}

enum err store_library_card_list(struct store *s, struct arena *arena,
				 struct store_library_card **out, size_t *count,
				 const uint8_t institution[STORE_ID],
				 const uint8_t person[STORE_ID])
{
	static const struct store_statement list = {
		"card_list", CARD_SELECT "WHERE ($1::uuid IS NULL OR c.institution = $1) "
					 "AND ($2::uuid IS NULL OR c.person = $2) "
					 "ORDER BY c.issued_at DESC, c.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, institution);
	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_card);
	return OK;
}

enum err store_library_card_revoke(struct store *s, const uint8_t id[STORE_ID],
				   const uint8_t by[STORE_ID], int64_t now_ms)
{
	static const struct store_statement update = {
		"card_revoke", "UPDATE library_card SET revoked_at = $3, revoked_by = $2 "
			       "WHERE id = $1 AND revoked_at IS NULL"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_id(&step, by);
	store_put_time(&step, now_ms);
	return store_change(s, &step, "library card that holds");
}

static void take_flag(struct store_step *step, void *out)
{
	*(bool *)out = store_take_bool(step);
}

enum err store_library_card_holds(struct store *s, bool *out, const uint8_t person[STORE_ID],
				  const uint8_t institution[STORE_ID])
{
	static const struct store_statement find = {"card_holds", "SELECT person_has_card($1, $2)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	store_put_id(&step, person);
	store_put_id(&step, institution);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_flag, "person");
}

enum err store_is_official(struct store *s, bool *out, const uint8_t institution[STORE_ID],
			   const uint8_t person[STORE_ID])
{
	static const struct store_statement find = {
		"is_official",
		"SELECT EXISTS (SELECT FROM member m WHERE m.institution = i.id AND m.person = $2 "
		"AND m.role = 'official' AND m.until IS NULL) AND i.state = 'active' "
		"FROM institution i WHERE i.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	store_put_id(&step, institution);
	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_flag, "institution");
}

enum err store_countersign(struct store *s, const uint8_t request[STORE_ID],
			   const uint8_t official[STORE_ID], int64_t now_ms)
{
	static const struct store_statement update = {
		"request_countersign",
		"UPDATE access_request SET official = $2, countersigned_at = $3 WHERE id = $1 "
		"AND official IS NULL AND state IN ('submitted', 'appealed')"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, request);
	store_put_id(&step, official);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	if (store_changed(&step) == 1)
		return OK;
	return failure(ERR_CONFLICT, "it is countersigned already, or awaits no decision");
}
