/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/evidence.h"

#include <stdarg.h>
#include <stdio.h>

#include "crypto/base/text.h"
#include "crypto/json.h"

void evidence_clear(struct evidence *e)
{
	json_free(e->payload);
}

enum err rules_refuse(struct rules *r, enum err kind, const char *code, const char *format, ...)
{
	char text[FAILURE_MAX_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	r->code = code;
	return failure(kind, "%s", text);
}

enum err evidence_find(struct rules *r, struct evidence *out, const uint8_t id[WIRE_ID],
		       int64_t max_age_ms)
{
	char text[TEXT_UUID];
	struct event *event = events_find(r->events, id);

	text_uuid(text, id);
	if (!event)
		return rules_refuse(r, ERR_NOT_FOUND, "AUDIT_UNAVAILABLE",
				    "event \"%s\" has not been appended to the log", text);
	if (r->now.monotonic_ms - event->appended_ms > max_age_ms)
		return rules_refuse(r, ERR_EXPIRED, "AUDIT_UNAVAILABLE",
				    "event \"%s\" was appended more than %lld s ago", text,
				    (long long)(max_age_ms / 1000));
	out->event = event;
	return json_read(&out->payload, slice_of(event->payload, event->payload_size),
			 WIRE_MAX_PAYLOAD);
}

enum err evidence_find_kind(struct rules *r, struct evidence *out, const uint8_t id[WIRE_ID],
			    enum event_kind kind, int64_t max_age_ms)
{
	TRY(evidence_find(r, out, id, max_age_ms));
	if (out->event->kind != kind)
		return rules_refuse(r, ERR_DENIED, "", "the event is a %s, %s is needed",
				    event_kind_name(out->event->kind), event_kind_name(kind));
	return OK;
}

enum err evidence_use(struct rules *r, const struct evidence *e, struct slice what)
{
	struct digest use = digest_of(what);

	if (event_is_used(e->event, &use))
		return rules_refuse(r, ERR_CONFLICT, "",
				    "the event has been used for this already");
	return event_use(e->event, &use);
}

enum err evidence_text(struct rules *r, const json_t *payload, const char *name, struct slice asked)
{
	struct slice said;

	TRY(json_get_text(&said, payload, name));
	if (!slice_equal(said, asked))
		return rules_refuse(r, ERR_DENIED, "",
				    "%s: the entry says \"%.*s\", \"%.*s\" is asked", name,
				    SLICE_PRINT(slice_part(said, 0, 100)),
				    SLICE_PRINT(slice_part(asked, 0, 100)));
	return OK;
}

/* As a UUID, or as plain hex as in the names of sealed files. */
enum err evidence_id(struct rules *r, const json_t *payload, const char *name,
		     const uint8_t asked[WIRE_ID])
{
	uint8_t id[WIRE_ID];
	struct slice said;

	TRY(json_get_text(&said, payload, name));
	if (said.size == 2 * WIRE_ID)
		TRY(text_read_hex(id, WIRE_ID, said));
	else
		TRY(text_read_uuid(id, said));
	if (memcmp(id, asked, WIRE_ID) != 0)
		return rules_refuse(r, ERR_DENIED, "",
				    "%s: the entry says \"%.*s\", another is asked", name,
				    SLICE_PRINT(said));
	return OK;
}

enum err evidence_digest(struct rules *r, const json_t *payload, const char *name,
			 const uint8_t asked[DIGEST_SIZE])
{
	uint8_t digest[DIGEST_SIZE];
	struct slice said;

	TRY(json_get_text(&said, payload, name));
	TRY(text_read_hex(digest, DIGEST_SIZE, said));
	if (memcmp(digest, asked, DIGEST_SIZE) != 0)
		return rules_refuse(r, ERR_DENIED, "", "%s: the entry has another digest", name);
	return OK;
}

enum err evidence_number(struct rules *r, const json_t *payload, const char *name, uint64_t asked)
{
	int64_t said;

	TRY(json_get_int(&said, payload, name));
	if (said < 0 || (uint64_t)said != asked)
		return rules_refuse(r, ERR_DENIED, "", "%s: the entry says %lld, %llu is asked",
				    name, (long long)said, (unsigned long long)asked);
	return OK;
}

enum err evidence_file(struct rules *r, const json_t *payload, struct slice path,
		       const uint8_t sha256[DIGEST_SIZE])
{
	const json_t *files;

	TRY(json_get_array(&files, payload, "files"));
	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);
		struct slice said;

		TRY(json_get_text(&said, file, "path"));
		if (slice_equal(said, path))
			return evidence_digest(r, file, "sha256", sha256);
	}
	return rules_refuse(r, ERR_DENIED, "", "the commit has no file \"%.*s\"",
			    SLICE_PRINT(slice_part(path, 0, 200)));
}

enum err evidence_target(struct rules *r, const json_t *payload, enum role role, unsigned index)
{
	TRY(evidence_text(r, payload, "role", slice_of_string(role_name(role))));
	return evidence_number(r, payload, "index", index);
}

enum err rules_check_license_state(struct rules *r, const struct license *license)
{
	char id[TEXT_UUID];
	struct fact like;
	uint64_t bits;

	text_uuid(id, license->id);
	like = fact_of(FACT_LICENSE, slice_of_string(id), S(""), 0);
	bits = journal_fact(r->journal, &like);
	if (bits & FACT_LICENSE_REVOKED)
		return rules_refuse(r, ERR_DENIED, "LICENSE_REVOKED", "license \"%s\" was revoked",
				    id);
	if (bits & FACT_LICENSE_SUSPENDED)
		return rules_refuse(r, ERR_DENIED, "LICENSE_SUSPENDED",
				    "license \"%s\" is suspended", id);
	if (bits & FACT_LICENSE_TERMS)
		return rules_refuse(r, ERR_DENIED, "TERMS_OUTDATED",
				    "license \"%s\" is suspended until its terms are accepted", id);
	return OK;
}
