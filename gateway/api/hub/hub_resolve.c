/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET and HEAD /{ns}/{name}/resolve/{revision}/{path}: the files, decrypted on the fly
 * (research/access-and-hub.md 1.2). The gate comes before the file: nobody without a license
 * learns which names exist. HEAD releases nothing.
 */
#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "gateway/api/download/porter_file.h"
#include "gateway/api/download/release.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/quota/quota.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/http/conditions.h"
#include "gateway/http/range.h"
#include "gateway/http/url.h"
#include "schema/store/decision.h"

/* A running transfer: what its end needs to know. Lives in the exchange's arena. */
struct transfer {
	struct api *api;
	struct grant *grant;
	struct quota_hold hold;
	struct release release;
	struct range range;
	struct cut_entry cut;
};

/* The grant for the file of the address, with headers that every client needs set; NULL: it has
 * answered. */
static struct grant *find_file(struct exchange *x, struct route_context *context)
{
	struct slice revision = exchange_param(x, "revision");
	struct slice path = exchange_param(x, "path");
	struct grant *g = authorize_model(x, context, RIGHT_WEIGHTS_READ, hub_model_name(x),
					  slice_equal(revision, S("HEAD")) ? S("main") : revision,
					  path);

	if (!g)
		return NULL;
	hub_warn(x, g);
	if (!g->access.has_revision) {
		reply_hub(x, 404, "RevisionNotFound",
			  arena_printf(exchange_arena(x), "Revision %.*s not found",
				       SLICE_PRINT(revision)));
		return NULL;
	}
	exchange_header_text(x, "X-Repo-Commit", g->access.revision.id);
	if (!g->access.has_file) {
		reply_hub(
			x, 404, "EntryNotFound",
			arena_printf(exchange_arena(x), "Entry %.*s not found", SLICE_PRINT(path)));
		return NULL;
	}
	return g;
}

static const char *etag_of(struct arena *arena, const struct store_file *f)
{
	return f->is_large ? api_hex(arena, slice_of(f->sha256, 32))
			   : api_hex(arena, slice_of(f->git_sha1, STORE_GIT_SHA1));
}

static void write_file_headers(struct exchange *x, const struct store_file *f)
{
	struct arena *arena = exchange_arena(x);
	AUTO(buf_free) struct buf name = buf_new(4096);
	struct slice leaf = f->path, head, rest;

	exchange_header(x, "ETag", "\"%s\"", etag_of(arena, f));
	exchange_header_text(x, "Accept-Ranges", S("bytes"));
	if (f->is_large) {
		exchange_header(x, "X-Linked-Etag", "\"%s\"", etag_of(arena, f));
		exchange_header(x, "X-Linked-Size", "%llu", (unsigned long long)f->size);
	}
	while (slice_cut(leaf, '/', &head, &rest))
		leaf = rest;
	url_write_component(&name, leaf);
	exchange_header(x, "Content-Disposition", "inline; filename*=UTF-8''%s; filename=\"%s\";",
			buf_string(&name), buf_string(&name));
	/* Licensed bytes are for the person who asked, not for caches on the way. */
	if (!authorize_principal(x)->is_capability) /* whose answers all say so */
		exchange_header_text(x, "Cache-Control", S("private, no-store"));
}

static struct slice quoted_etag(struct exchange *x, const struct store_file *f)
{
	struct arena *arena = exchange_arena(x);

	return slice_of_string(arena_printf(arena, "\"%s\"", etag_of(arena, f)));
}

/* "Only if it has changed": 304 releases nothing. True: it has answered. */
static bool answer_condition(struct exchange *x, const struct store_file *f)
{
	const struct http_request *request = exchange_request(x);

	switch (condition_of(http_header(request, "If-Match"),
			     http_header(request, "If-None-Match"), quoted_etag(x, f))) {
	case CONDITION_NONE:
		return false;
	case CONDITION_NOT_MODIFIED:
		write_file_headers(x, f);
		reply_empty(x, 304);
		return true;
	case CONDITION_FAILED:
		reply_hub(x, 412, NULL, "the file is not the one that If-Match names");
		return true;
	}
	return false;
}

void hub_resolve_head(struct exchange *x, struct route_context *context)
{
	struct grant *g = find_file(x, context);

	if (!g || answer_condition(x, &g->access.file))
		return;
	write_file_headers(x, &g->access.file);
	exchange_answer_head(x, 200, "application/octet-stream", g->access.file.size);
}

static void cut_transfer(void *exchange)
{
	exchange_cut(exchange);
}

/* Runs when the last byte is out or the client is gone. */
static void transfer_done(struct exchange *x, struct route_context *context, void *data,
			  uint64_t sent)
{
	struct transfer *t = data;
	const struct grant *g = t->grant;
	struct store_usage usage = {
		.right = slice_of_string(right_name(g->right)), .calls = 1, .bytes = sent};

	cuts_leave(t->api->cuts, &t->cut);
	metrics_add(&t->api->metrics, METRIC_STREAMS_CUT, atomic_load(&t->cut.is_cut));
	metrics_add(&t->api->metrics, METRIC_DOWNLOADS, 1);
	metrics_add(&t->api->metrics, METRIC_DOWNLOAD_BYTES, sent);
	memcpy(usage.person, g->who->person.id, STORE_ID);
	memcpy(usage.model, g->access.model.id, STORE_ID);
	if (g->who->authenticated && store_usage_add(context->store, &usage, clock_now_ms()) != OK)
		log_error("download.unrecorded", "request=%s reason=\"%s\"", exchange_request_id(x),
			  failure_text());
	quota_leave(&t->hold, context, &(struct store_spent){.requests = 1, .bytes = sent});
	release_leave(t->api, &t->release, t->range.first, sent);
}

static enum err open_file(struct exchange_file *out, struct exchange *x, const struct transfer *t)
{
	const struct store_file *f = &t->grant->access.file;
	struct wire_porter_open ask = {.handle = t->release.handle,
				       .plain_size = f->size,
				       .offset = t->range.first,
				       .length = t->range.length};

	memcpy(ask.blob, f->blob, WIRE_ID);
	return porter_file_open(out, x, t->api, t->release.porter, &ask);
}

/* Released, within reach of withdrawals, and on its way from the porter. */
static enum err begin_transfer(struct transfer *t, struct exchange_file *file, struct exchange *x,
			       struct route_context *context)
{
	enum err result;

	TRY(release_file(&t->release, x, context, t->grant));
	t->cut = withdraw_entry(t->grant, CUT_DOWNLOAD);
	t->cut.on_cut = cut_transfer;
	t->cut.context = x;
	result = cuts_enter(t->api->cuts, &t->cut, t->grant->who->mark.epoch);
	if (result == OK)
		result = open_file(file, x, t);
	if (result != OK) {
		cuts_leave(t->api->cuts, &t->cut);
		release_leave(t->api, &t->release, 0, 0);
	}
	return result;
}

static void send_part(struct exchange *x, struct route_context *context, struct grant *g,
		      struct range range)
{
	struct transfer *t = arena_alloc(exchange_arena(x), sizeof *t);
	unsigned long long first = range.first, last = range.first + range.length - 1;
	struct exchange_file file;
	enum err result;

	*t = (struct transfer){.api = context->api, .grant = g, .range = range};
	if (!quota_enter(&t->hold, x, context, g,
			 &(struct quota_ask){.counts_bytes = true, .bytes = range.length}))
		return;
	result = begin_transfer(t, &file, x, context);
	if (result != OK) {
		quota_leave(&t->hold, context, &(struct store_spent){0}); /* nothing was used */
		reply_failure(x, result);
		return;
	}
	write_file_headers(x, &g->access.file);
	exchange_header(x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(x), t->release.event));
	if (range.kind == RANGE_PART)
		exchange_header(x, "Content-Range", "bytes %llu-%llu/%llu", first, last,
				(unsigned long long)g->access.file.size);
	exchange_answer_file(x, range.kind == RANGE_PART ? 206 : 200, "application/octet-stream",
			     S(""), &file, transfer_done, t);
}

void hub_resolve(struct exchange *x, struct route_context *context)
{
	struct grant *g = find_file(x, context);
	struct slice asked;
	uint64_t size;
	struct range range;

	if (!g || answer_condition(x, &g->access.file))
		return;
	size = g->access.file.size;
	if (size == 0) { /* the JavaScript client asks for bytes=0-0 and cannot bear a 416 */
		write_file_headers(x, &g->access.file);
		exchange_header(x, "Content-Range", "bytes */0");
		exchange_answer(x, 200, "application/octet-stream", S(""));
		return;
	}
	asked = http_header(exchange_request(x), "Range");
	if (!condition_allows_range(http_header(exchange_request(x), "If-Range"),
				    quoted_etag(x, &g->access.file)))
		asked = S("");
	range = range_of(asked, size);
	if (range.kind == RANGE_UNSATISFIABLE) {
		exchange_header(x, "Content-Range", "bytes */%llu", (unsigned long long)size);
		reply_hub(x, 416, NULL,
			  arena_printf(exchange_arena(x),
				       "the range lies behind the end of the file (%llu bytes)",
				       (unsigned long long)size));
		return;
	}
	send_part(x, context, g, range);
}
