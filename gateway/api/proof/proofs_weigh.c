/* SPDX-License-Identifier: Apache-2.0 */
/* The pure half of proofs.h: which visas count at a time, and copies. */
#include "gateway/api/proof/proofs.h"

static struct slice failure_in(struct arena *arena)
{
	return arena_copy(arena, slice_of_string(failure_text()));
}

static void refuse(struct proof *proof, struct slice why)
{
	proof->counts = false;
	proof->why_not = why;
}

/* "" if its subject is bound by itself, or by a visa that counts. */
static struct slice check_link(const struct proofs *p, const struct proof *proof)
{
	static const uint8_t none[STORE_ID];

	if (memcmp(proof->linked, none, STORE_ID) == 0)
		return S("");
	for (size_t i = 0; i < p->visa_count; i++)
		if (memcmp(p->visas[i].id, proof->linked, STORE_ID) == 0 && p->visas[i].counts)
			return S("");
	return S("visa: the one that links its subject to this person does not count now");
}

/* Those that count and have no conditions themselves, for conditions of others. */
static size_t collect(struct visa *out, const struct proofs *p)
{
	size_t count = 0;

	for (size_t i = 0; i < p->visa_count; i++)
		if (p->visas[i].counts && p->visas[i].visa.conditions.count == 0)
			out[count++] = p->visas[i].visa;
	return count;
}

static struct slice check_now(const struct proofs *p, const struct proof *proof,
			      const struct visa *others, size_t count)
{
	struct slice why = check_link(p, proof);

	if (why.size || visa_conditions_hold(&proof->visa.conditions, others, count))
		return why;
	return S("visa: it holds only under conditions, and no other visa of this person that "
		 "counts meets them");
}

/* What is good at this time begins uncounted, and is counted once what it rests on is: as long as
 * a round finds more, there may be more. */
void proofs_weigh(struct proofs *p, struct arena *arena, int64_t now_seconds)
{
	struct visa *others = arena_alloc(arena, (p->visa_count + 1) * sizeof *others);
	bool *is_dated = arena_alloc(arena, p->visa_count + 1);
	bool found_more = true;

	for (size_t i = 0; i < p->visa_count; i++) {
		struct proof *proof = &p->visas[i];

		proof->counts = false;
		is_dated[i] = proof->is_verified &&
			      visa_check_times(&proof->visa, now_seconds) == OK;
		if (proof->is_verified && !is_dated[i])
			refuse(proof, failure_in(arena));
	}
	while (found_more) {
		size_t count = collect(others, p);

		found_more = false;
		for (size_t i = 0; i < p->visa_count; i++) {
			struct proof *proof = &p->visas[i];

			if (!is_dated[i] || proof->counts)
				continue;
			proof->why_not = check_now(p, proof, others, count);
			proof->counts = proof->why_not.size == 0;
			found_more = found_more || proof->counts;
		}
	}
}

static void own(struct arena *arena, struct slice *text)
{
	*text = text->size ? arena_copy(arena, *text) : S("");
}

static void own_clause(struct arena *arena, struct visa_clause *c)
{
	own(arena, &c->type);
	own(arena, &c->value.text);
	own(arena, &c->source.text);
	own(arena, &c->by.text);
}

static void own_conditions(struct arena *arena, struct visa_conditions *c)
{
	struct visa_alternative *list;

	if (!c->count)
		return;
	list = arena_alloc(arena, c->count * sizeof *list);
	for (size_t i = 0; i < c->count; i++) {
		size_t count = c->alternatives[i].count;
		struct visa_clause *clauses = arena_alloc(arena, count * sizeof *clauses);

		memcpy(clauses, c->alternatives[i].clauses, count * sizeof *clauses);
		for (size_t j = 0; j < count; j++)
			own_clause(arena, &clauses[j]);
		list[i] = (struct visa_alternative){clauses, count};
	}
	c->alternatives = list;
}

static void own_proof(struct arena *arena, struct proof *proof)
{
	struct visa *v = &proof->visa;

	own(arena, &proof->why_not);
	own(arena, &v->iss);
	own(arena, &v->sub);
	own(arena, &v->jti);
	own(arena, &v->type);
	own(arena, &v->value);
	own(arena, &v->source);
	own(arena, &v->by);
	own_conditions(arena, &v->conditions);
}

static void own_member(struct arena *arena, struct store_member *m)
{
	own(arena, &m->institution_name);
	own(arena, &m->institution_state);
	own(arena, &m->institution_country);
	own(arena, &m->institution_kind);
	own(arena, &m->person_name);
	own(arena, &m->role);
}

static void own_referee(struct arena *arena, struct store_referee *r)
{
	own(arena, &r->person_name);
	own(arena, &r->email);
	own(arena, &r->name);
	own(arena, &r->state);
	own(arena, &r->note);
}

static void *copy_rows(struct arena *arena, const void *rows, size_t count, size_t size)
{
	void *copy = arena_alloc(arena, (count + 1) * size);

	if (count)
		memcpy(copy, rows, count * size);
	return copy;
}

/* These may not grow a text that the copies would share with what they are copied from. */
_Static_assert(sizeof(struct proof) == 216 && sizeof(struct store_member) == 144 &&
		       sizeof(struct store_referee) == 184,
	       "a row has changed: does proofs_copy still copy all it points at?");

void proofs_copy(struct arena *arena, struct proofs *to, const struct proofs *from)
{
	*to = *from;
	to->visas = copy_rows(arena, from->visas, from->visa_count, sizeof *to->visas);
	for (size_t i = 0; i < to->visa_count; i++)
		own_proof(arena, &to->visas[i]);
	to->members = copy_rows(arena, from->members, from->member_count, sizeof *to->members);
	for (size_t i = 0; i < to->member_count; i++)
		own_member(arena, &to->members[i]);
	to->referees = copy_rows(arena, from->referees, from->referee_count, sizeof *to->referees);
	for (size_t i = 0; i < to->referee_count; i++)
		own_referee(arena, &to->referees[i]);
}
