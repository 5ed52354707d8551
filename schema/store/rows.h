/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - statements and row readers that access.c shares with the files they belong to. */
#ifndef SCHEMA_STORE_ROWS_H
#define SCHEMA_STORE_ROWS_H

#include "schema/store/query.h"

extern const struct store_statement visa_list_statement;       /* $1: person */
extern const struct store_statement issuer_of_visas_statement; /* $1: person */
extern const struct store_statement institutions_of_statement; /* $1: person */
extern const struct store_statement referee_list_statement;    /* $1: person */
extern const struct store_statement file_find_statement;       /* the same, $3: path */
extern const struct store_statement limit_list_statement;      /* $1: person */

/* Of model m, for model_take: with the head of its main branch. */
#define MODEL_COLUMNS \
	"m.id, m.name, m.state, m.state_reason, m.gate, m.terms_sha256, m.open_paths, m.hidden, " \
	"m.allow_pickle, m.created_at, main.revision, coalesce(head.runnable, false), " \
	"head.runnable_reason, " \
	"head.manifest_sha256, coalesce(main.moved_at, m.created_at), m.terms_grace_until, " \
	"array_to_string(head.tasks, ',')"
#define MODEL_FROM \
	"FROM model m LEFT JOIN branch main ON main.model = m.id AND main.name = 'main' " \
	"LEFT JOIN revision head ON head.model = m.id AND head.id = main.revision "

/* The id that $2 stands for. No name of a branch or tag looks like an id, and no two are the
 * same. */
#define REVISION_OF(model) \
	"coalesce((SELECT b.revision FROM branch b WHERE b.model = " model " AND b.name = $2), " \
	"(SELECT t.revision FROM tag t WHERE t.model = " model " AND t.name = $2), $2) "

/* Of `revision r`, for revision_take. */
#define REVISION_COLUMNS \
	"r.model, r.id, r.state, r.parent, r.title, r.manifest_sha256, r.runnable, " \
	"r.runnable_reason, r.has_template, r.created_at, r.recall, " \
	"(SELECT c.reason FROM recall c WHERE c.id = r.recall), array_to_string(r.tasks, ','), " \
	"r.chat"

/* Of license l and model m, and what to give as the person's name; for license_take. */
#define LICENSE_COLUMNS(person_name) \
	"l.id, l.model, l.person, m.name, " person_name ", l.request, l.replaces, l.state, " \
	"l.state_reason, array_to_string(l.rights, ','), l.terms_sha256, l.not_before, " \
	"l.expires_at, l.document, l.signature, l.issued_at, l.issued_by, l.changed_at, " \
	"l.institution, l.limits, array_to_string(l.regions, ','), " \
	"array_to_string(l.uses, ','), l.plan, l.parent, l.requires "
#define LICENSE_SELECT \
	"SELECT " LICENSE_COLUMNS("p.name") "FROM license l JOIN model m ON m.id = l.model JOIN " \
					    "person p ON p.id = l.person "

/* Of `person p`, for person_take. */
#define PERSON_COLUMNS \
	"p.name, p.email, p.state, array_to_string(ARRAY(SELECT o.office FROM office o " \
	"WHERE o.person = p.id AND o.scope IS NULL AND (o.until IS NULL OR o.until > now()) " \
	"ORDER BY 1), ','), array_to_string(ARRAY(SELECT concat_ws(' ', o.office, " \
	"coalesce(o.scope, '*'), coalesce(floor(extract(epoch FROM o.until) * 1000)::bigint, 0)) " \
	"FROM office o WHERE o.person = p.id ORDER BY o.office, o.scope), E'\n'), " \
	"array_to_string(ARRAY(SELECT encode(c.issuer_sha256, 'hex') || ' ' || " \
	"coalesce(c.organization, '') FROM institution_certificate c WHERE c.required " \
	"AND EXISTS (SELECT FROM member b WHERE b.institution = c.institution " \
	"AND b.person = p.id AND b.until IS NULL) ORDER BY 1), E'\n'), p.created_at, " \
	"EXISTS (SELECT FROM blocked b WHERE b.person = p.id AND b.model IS NULL AND b.ended_at " \
	"IS NULL)"

/* Does `person` hold one of the offices for the model of that name? Texts of SQL. */
#define OFFICE_HELD(person, offices, model) \
	"EXISTS (SELECT FROM office held WHERE held.person = " person \
	" AND held.office IN (" offices ") " \
	"AND (held.until IS NULL OR held.until > clock_timestamp()) " \
	"AND (held.scope IS NULL OR held.scope = " model \
	" OR (held.scope LIKE '%/*' AND starts_with(" model ", left(held.scope, -1)))))"

/* Every request, as request_take reads it: access_request q, model m, person p, decider d. */
#define REQUEST_COLUMNS \
	"q.id, q.model, q.person, m.name, p.name, q.state, q.intended_use, " \
	"array_to_string(q.rights, ','), q.terms_sha256, q.terms_key, q.terms_signature, " \
	"q.reason, q.decided_by, d.name, q.created_at, q.changed_at, " \
	"array_to_string(q.uses, ','), q.lead, q.institution, q.official, q.countersigned_at, " \
	"q.round::bigint, q.waiting_since "
#define REQUEST_SELECT "SELECT " REQUEST_COLUMNS REQUEST_FROM
#define REQUEST_FROM \
	"FROM access_request q JOIN model m ON m.id = q.model JOIN person p ON p.id = q.person " \
	"LEFT JOIN person d ON d.id = q.decided_by "

store_take_fn person_take; /* all but the id */
store_take_fn model_take, visa_take, license_take, request_take, revision_take, file_take,
	issuer_take, member_take, referee_take, limit_take;

/* The statement that inserts it, and its arguments. */
struct store_event;
struct store_decision;
struct store_usage;
void audit_put(struct store_step *step, const struct store_event *event);
void decision_put(struct store_step *step, const struct store_decision *decision);
void usage_put(struct store_step *step, const struct store_usage *usage, int64_t now_ms);

/* NULL becomes false and zeros. */
bool store_take_digest(struct store_step *step, uint8_t out[32]);

#endif
