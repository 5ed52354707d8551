/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/v1/audit/export?format=csv|jsonl: every event that a filter finds, oldest first, as it
 * was when the export began. It is read a page at a time, so that it holds neither memory nor a
 * transaction nor one of the few connections while a slow client reads. The last line tells how
 * many events there are, and the SHA-256 of every byte before it: what has no such line, or
 * another digest, is not whole. Where it breaks the connection is reset too.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/audit/chain.h"

enum {
	EXPORT_PAGE = 500,
	/* A page whole: payloads at most, each quote of them doubled, and the columns. */
	EXPORT_MAX_PIECE = 256 * 1024,
	EXPORT_AT_ONCE = 2,
};

struct export
{
	struct exchange *x;
	struct route_context *context;
	struct audit_asked asked;
	bool is_csv;
	struct digest_state digest;
	uint64_t count;
	struct buf piece; /* what is to be sent next */
};

static enum err send_piece(struct export *e)
{
	TRY(buf_done(&e->piece));
	digest_update(&e->digest, buf_slice(&e->piece));
	TRY(exchange_stream_write(e->x, buf_slice(&e->piece)));
	buf_reset(&e->piece);
	return OK;
}

static struct slice uuid_text(struct arena *arena, const uint8_t id[STORE_ID])
{
	return store_id_is_none(id) ? S("") : slice_of_string(api_uuid(arena, id));
}

static void write_csv(struct buf *out, struct arena *arena, const struct store_found *found)
{
	const struct store_event *e = &found->event;
	unsigned row = (unsigned)((uint64_t)found->place % STORE_AUDIT_PLACES);
	const struct slice cells[] = {
		slice_of_string(api_uuid(arena, e->id)),
		slice_of_string(api_time(arena, e->at_ms)),
		e->kind,
		e->actor_name,
		uuid_text(arena, e->actor),
		e->model,
		uuid_text(arena, e->license),
		e->right,
		e->allow ? S("allow") : S("deny"),
		e->code,
		found->address,
	};

	buf_printf(out, "%llu,", (unsigned long long)e->index);
	if (row)
		buf_printf(out, "%u", row - 1);
	for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
		buf_write_u8(out, ',');
		if (cells[i].size)
			text_write_csv(out, cells[i]);
	}
	buf_printf(out, ",%lld,%lld,", (long long)found->tokens, (long long)found->bytes);
	if (e->payload.size)
		text_write_csv(out, e->payload);
	buf_printf(out, ",%s\r\n", e->payload.size ? "false" : "true");
}

/* All members in every line, each of one type or null, so that columns can be made of them. */
static void put_column(json_t *line, const char *name, struct slice value)
{
	if (value.size)
		json_put_text(line, name, value);
	else
		json_put(line, name, json_null());
}

static enum err write_jsonl(struct buf *out, struct arena *arena, const struct store_found *found)
{
	AUTO(json_auto) json_t *line = json_object_new();
	const struct store_event *e = &found->event;
	unsigned row = (unsigned)((uint64_t)found->place % STORE_AUDIT_PLACES);

	json_put_int(line, "index", (int64_t)e->index);
	json_put(line, "row", row ? json_integer(row - 1) : json_null());
	put_column(line, "id", slice_of_string(api_uuid(arena, e->id)));
	put_column(line, "at", slice_of_string(api_time(arena, e->at_ms)));
	put_column(line, "kind", e->kind);
	put_column(line, "actor", e->actor_name);
	put_column(line, "actor_id", uuid_text(arena, e->actor));
	put_column(line, "model", e->model);
	put_column(line, "license", uuid_text(arena, e->license));
	put_column(line, "right", e->right);
	put_column(line, "decision", e->allow ? S("allow") : S("deny"));
	put_column(line, "code", e->code);
	put_column(line, "address", found->address);
	json_put_int(line, "tokens", found->tokens);
	json_put_int(line, "bytes", found->bytes);
	put_column(line, "payload", e->payload);
	json_put_bool(line, "erased", e->payload.size == 0);
	TRY(json_write_canonical(out, line));
	buf_write_u8(out, '\n');
	return OK;
}

static enum err find_page(struct export *e, struct arena *arena, struct store_audit_page *page)
{
	struct store *auditor = api_auditor_take(e->context->api);
	enum err result = store_audit_find(auditor, arena, page, &e->asked.query);

	api_auditor_return(e->context->api, auditor);
	return result;
}

static enum err send_page(struct export *e, struct arena *arena,
			  const struct store_audit_page *page)
{
	for (size_t i = 0; i < page->count; i++) {
		if (e->is_csv)
			write_csv(&e->piece, arena, &page->events[i]);
		else
			TRY(write_jsonl(&e->piece, arena, &page->events[i]));
		if (e->piece.size > EXPORT_MAX_PIECE)
			TRY(send_piece(e));
	}
	e->count += page->count;
	return e->piece.size ? send_piece(e) : OK;
}

static enum err send_events(struct export *e)
{
	struct store_audit_query *query = &e->asked.query;
	struct store_audit_page page;

	do {
		AUTO(arena_free) struct arena arena = {0};

		if (exchange_is_closed(e->x))
			return failure(ERR_CLOSED, "the client has gone");
		TRY(find_page(e, &arena, &page));
		TRY(send_page(e, &arena, &page));
		query->has_cursor = true;
		query->cursor = page.cursor;
	} while (page.has_more);
	return OK;
}

/* The count and digest, in the line and in the log, before the answer ends. */
static enum err send_end(struct export *e)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);
	struct digest digest = digest_end(&e->digest);

	text_write_hex(&hex, digest_slice(&digest));
	TRY(audit_log_read(e->x, e->context, "export.end", (int64_t)e->count, buf_slice(&hex)));
	buf_printf(&e->piece,
		   e->is_csv ? "# end count=%llu sha256=%.*s\r\n"
			     : "{\"end\":{\"count\":%llu,\"sha256\":\"%.*s\"}}\n",
		   (unsigned long long)e->count, SLICE_PRINT(buf_slice(&hex)));
	TRY(buf_done(&e->piece));
	TRY(exchange_stream_write(e->x, buf_slice(&e->piece)));
	exchange_stream_end(e->x);
	return OK;
}

static enum err begin_export(struct export *e)
{
	static const char *const own[] = {"format", "saved", NULL};
	struct slice format;

	TRY(audit_asked_read(&e->asked, e->x, e->context, own));
	format = audit_asked_text(&e->asked, "format");
	e->is_csv = slice_equal(format, S("csv"));
	if (!e->is_csv && format.size && !slice_equal(format, S("jsonl")))
		return failure(ERR_FORMAT, "\"format\" is \"csv\" or \"jsonl\"");
	if (e->asked.query.bounds.is_behind_by)
		return failure(ERR_UNAVAILABLE, "%llu entries cannot be found yet; try again",
			       (unsigned long long)e->asked.query.bounds.is_behind_by);
	e->asked.query.is_forward = true;
	e->asked.query.limit = EXPORT_PAGE;
	digest_begin(&e->digest);
	return audit_log_read(e->x, e->context, "export", 0, S(""));
}

static enum err send_head(struct export *e)
{
	exchange_header(e->x, "Content-Disposition", "attachment; filename=\"audit-%llu.%s\"",
			(unsigned long long)e->asked.query.bounds.published,
			e->is_csv ? "csv" : "jsonl");
	exchange_header(e->x, "Cache-Control", "no-store");
	TRY(exchange_stream_begin(e->x, 200,
				  e->is_csv ? "text/csv; charset=utf-8; header=present"
					    : "application/jsonl; charset=utf-8"));
	if (!e->is_csv)
		return OK;
	buf_write_string(&e->piece,
			 "index,row,id,at,kind,actor,actor_id,model,license,right,decision,code,"
			 "address,tokens,bytes,payload,erased\r\n");
	return send_piece(e);
}

static void run_export(struct export *e)
{
	enum err result = begin_export(e);

	if (result != OK) {
		reply_failure(e->x, result);
		return;
	}
	result = send_head(e);
	if (result == OK)
		result = send_events(e);
	if (result == OK)
		result = send_end(e);
	if (result != OK)
		exchange_abort(e->x);
}

void audit_export(struct exchange *x, struct route_context *context)
{
	/* Besides a piece there is the event that made it more than a piece. */
	struct export e = {.x = x,
			   .context = context,
			   .piece = buf_new(EXPORT_MAX_PIECE + 3 * AUDIT_MAX_JOINED)};

	if (atomic_fetch_add(&context->api->exports, 1) >= EXPORT_AT_ONCE)
		reply_busy(x, "other exports of the log are running; wait for one to end",
			   EXPORT_AT_ONCE);
	else
		run_export(&e);
	atomic_fetch_sub(&context->api->exports, 1);
	audit_asked_clear(&e.asked);
	buf_free(&e.piece);
}
