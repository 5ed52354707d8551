/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/audit/report_give.h"

#include <stdatomic.h>

#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/tlog_proof.h"
#include "gateway/api/license/receipt.h"
#include "gateway/api/log_tiles.h"
#include "gateway/api/reply.h"

enum err report_origin(struct slice *out, struct exchange *x, struct route_context *context)
{
	struct api_keys keys;
	struct note_key key;

	TRY(api_keys_get(&keys, context->api));
	TRY(note_key_parse(&key, slice_of_string(keys.log_vkey)));
	*out = arena_copy(exchange_arena(x), slice_of_string(key.name));
	return OK;
}

struct report_made report_made_of(const struct store_audit_report *row)
{
	struct report_made made = {
		.name = row->name,
		.from_ms = row->from_ms,
		.to_ms = row->to_ms,
		.filters = row->filters,
		.size = row->size,
		.rows = row->rows,
	};

	memcpy(made.root.bytes, row->root, DIGEST_SIZE);
	memcpy(made.forms, row->forms, sizeof made.forms);
	return made;
}

static enum err send(void *context, unsigned form, struct slice bytes)
{
	(void)form;
	return exchange_stream_write(context, bytes);
}

static void begin_work(struct report_work *w, const struct store_audit_report *row)
{
	w->head.report = report_of(row->name);
	w->head.from_ms = row->from_ms;
	w->head.to_ms = row->to_ms;
	w->head.filters = row->filters;
	w->head.size = row->size;
	memcpy(w->head.root.bytes, row->root, DIGEST_SIZE);
}

static bool is_as_signed(const struct report_work *w, const struct store_audit_report *row,
			 unsigned form)
{
	return digest_equal_bytes(digest_slice(&w->result.forms[form]),
				  slice_of(row->forms + form * DIGEST_SIZE, DIGEST_SIZE));
}

/* Payloads that were erased since cannot be told again: better a refusal than half an answer. */
static enum err check_unchanged(struct report_work *w, const struct store_audit_report *row,
				unsigned form)
{
	bool disturbed;

	TRY(report_is_disturbed(&disturbed, w));
	if (!disturbed)
		return OK;
	TRY(report_run(w));
	if (!is_as_signed(w, row, form))
		return failure(ERR_CONFLICT, "entries of this report have been erased since: it "
					     "cannot be given as it was signed; make a new one");
	return OK;
}

/* Nothing is fetched, nothing runs; the one style is named by its digest. */
static void send_page_headers(struct exchange *x)
{
	struct digest style = digest_of(report_page_style());

	exchange_header(x, "Content-Security-Policy",
			"default-src 'none'; style-src 'sha256-%s'; frame-ancestors 'none'; "
			"base-uri 'none'; form-action 'none'; sandbox",
			api_base64(exchange_arena(x), digest_slice(&style)));
	exchange_header(x, "X-Content-Type-Options", "nosniff");
	exchange_header(x, "Referrer-Policy", "no-referrer");
}

static enum err send_page_end(struct exchange *x, struct route_context *context,
			      const struct store_audit_report *row)
{
	AUTO(buf_free) struct buf vkey = buf_new(NOTE_VKEY_MAX);
	AUTO(buf_free) struct buf end = buf_new(REPORT_MAX_TAIL);
	struct api_keys keys;
	struct note_key log, key;

	TRY(api_keys_get(&keys, context->api));
	TRY(note_key_parse(&log, slice_of_string(keys.log_vkey)));
	TRY(report_key_of(&key, &log));
	note_key_write(&vkey, &key);
	report_page_end(&end, row->note, buf_slice(&vkey));
	TRY(buf_done(&end));
	return exchange_stream_write(x, buf_slice(&end));
}

static enum err stream(struct report_work *w, const struct store_audit_report *row, unsigned form)
{
	w->sink = send;
	w->sink_context = w->x;
	TRY(report_run(w));
	if (!is_as_signed(w, row, form))
		return failure(ERR_INTERNAL, "the report is not what was signed");
	if (form == REPORT_HTML)
		TRY(send_page_end(w->x, w->context, row));
	exchange_stream_end(w->x);
	return OK;
}

static enum err give_form(struct exchange *x, struct route_context *context,
			  const struct store_audit_report *row, unsigned form)
{
	struct report_work w = {.x = x, .context = context, .forms = {false}};
	enum err result;

	w.forms[form] = true;
	begin_work(&w, row);
	TRY(report_origin(&w.head.origin, x, context));
	TRY(check_unchanged(&w, row, form));
	if (form == REPORT_HTML)
		send_page_headers(x);
	exchange_header(x, "Content-Disposition", "%s; filename=\"%s-%s.%s\"",
			form == REPORT_HTML ? "inline" : "attachment", w.head.report->name,
			api_uuid(exchange_arena(x), row->event), report_forms[form].name);
	exchange_header(x, "Cache-Control", "no-store");
	TRY(exchange_stream_begin(x, 200, report_forms[form].type));
	result = stream(&w, row, form);
	if (result != OK) {
		log_warn("report.broken", "form=%s why=\"%s\"", report_forms[form].name,
			 failure_text());
		exchange_abort(x);
	}
	return OK;
}

static enum err add_consistency(json_t *receipt, struct route_context *context,
				const struct store_audit_report *row)
{
	struct tile_source source = {log_tiles_fetch, &context->api->log_directory};
	json_t *list = json_array_new();
	struct tlog_proof proof;
	struct merkle_proof path;
	struct checkpoint checkpoint;
	struct slice text;

	json_put(receipt, "consistency", list);
	TRY(json_get_text(&text, receipt, "proof"));
	TRY(tlog_proof_parse(&proof, text));
	TRY(note_text(&text, proof.checkpoint));
	TRY(checkpoint_parse(&checkpoint, text));
	TRY(tile_consistency(&path, &source, row->size, checkpoint.size));
	for (size_t i = 0; i < path.count; i++) {
		AUTO(buf_free) struct buf hash = buf_new(2 * DIGEST_SIZE);

		text_write_base64(&hash, digest_slice(&path.nodes[i]), TEXT_BASE64);
		json_push_text(list, buf_slice(&hash));
	}
	return OK;
}

static enum err give_receipt(struct exchange *x, struct route_context *context,
			     const struct store_audit_report *row)
{
	AUTO(json_auto) json_t *receipt = NULL;

	TRY(receipt_of(&receipt, x, context, row->event));
	TRY(add_consistency(receipt, context, row));
	reply_json(x, 200, json_incref(receipt));
	return OK;
}

static enum err give_note(struct exchange *x, const struct store_audit_report *row)
{
	exchange_header(x, "Cache-Control", "no-store");
	reply_text(x, 200, "text/plain; charset=utf-8", row->note);
	return OK;
}

static enum err give(struct exchange *x, struct route_context *context,
		     const struct store_audit_report *row, struct slice form)
{
	if (row->note.size == 0)
		return failure(ERR_CONFLICT, "this report was never signed: make a new one");
	if (slice_equal(form, S("note")))
		return give_note(x, row);
	if (slice_equal(form, S("receipt")))
		return give_receipt(x, context, row);
	for (unsigned i = 0; i < REPORT_FORMS; i++)
		if (slice_equal(form, slice_of_string(report_forms[i].name)))
			return give_form(x, context, row, i);
	return failure(ERR_NOT_FOUND,
		       "a report is there as .json, .csv, .html, .note and .receipt");
}

void report_give(struct exchange *x, struct route_context *context,
		 const struct store_audit_report *report, struct slice form)
{
	enum err result;

	if (atomic_fetch_add(&context->api->exports, 1) >= REPORTS_AT_ONCE) {
		reply_busy(x, "other reports or exports are running; wait for one to end",
			   REPORTS_AT_ONCE);
	} else {
		result = give(x, context, report, form);
		if (result != OK)
			reply_failure(x, result);
	}
	atomic_fetch_sub(&context->api->exports, 1);
}
