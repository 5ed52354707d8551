/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of who asks, and of what they ask for, when criteria are weighed. */
#include "crypto/base/clock.h"
#include "gateway/api/criteria/opinion.h"
#include "gateway/api/proof/claims_of.h"
#include "gateway/api/scope.h"
#include "policy/country_table.h"
#include "schema/store/institution.h"

struct country opinion_country(struct exchange *x, const struct api *api)
{
	struct country country = {.source = COUNTRY_NONE};

	if (country_table_find(country.code, api->countries, exchange_client_address(x)))
		country.source = COUNTRY_TABLE;
	return country;
}

static enum err gather_institutions(struct criteria_facts *out, struct arena *arena,
				    struct store *store, const uint8_t person[STORE_ID])
{
	struct institution_fact *list;
	struct store_member *members;
	size_t count;

	TRY(store_institutions_of(store, arena, &members, &count, person));
	list = arena_alloc(arena, CRITERIA_MAX_INSTITUTIONS * sizeof *list);
	for (size_t i = 0; i < count && out->institution_count < CRITERIA_MAX_INSTITUTIONS; i++) {
		struct institution_fact *fact = &list[out->institution_count];

		if (!slice_equal(members[i].institution_state, S("active")))
			continue;
		fact->name = members[i].institution_name;
		fact->kind = members[i].institution_kind;
		if (members[i].institution_country.size == 2)
			memcpy(fact->country, members[i].institution_country.data, 2);
		out->institution_count++;
	}
	out->institutions = list;
	return OK;
}

/* A claim of the person's own country goes before the address of a call, which says nothing of
 * anybody but the caller. */
static void settle_country(struct claims *claims, struct exchange *x, const struct api *api,
			   const uint8_t person[STORE_ID])
{
	if (claims->country.source == COUNTRY_NONE &&
	    memcmp(person, authorize_principal(x)->person.id, STORE_ID) == 0)
		claims->country = opinion_country(x, api);
}

enum err opinion_gather(struct criteria_facts *out, struct exchange *x,
			struct route_context *context, const struct opinion_question *q)
{
	struct arena *arena = exchange_arena(x);
	int64_t now_seconds = clock_now_seconds();

	*out = (struct criteria_facts){
		.now_seconds = now_seconds,
		.rights = scope_of_list(q->rights),
		.accessors = q->accessors,
		.has_library_card = q->has_library_card,
		.terms_are_signed = q->terms_are_signed,
	};
	TRY(uses_parse(&out->uses, q->uses));
	TRY(claims_of_person(&out->claims, context, arena, q->person, now_seconds));
	settle_country(&out->claims, x, context->api, q->person);
	TRY(gather_institutions(out, arena, context->store, q->person));
	return store_blocked_is(context->store, &out->is_blocked, q->model->id, q->person);
}
