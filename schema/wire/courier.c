/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/courier.h"

static void visit_courier_get(struct codec *c, struct wire_courier_get *m)
{
	codec_text(c, &m->url, WIRE_MAX_URL);
	codec_text(c, &m->token, WIRE_MAX_SECRET);
	codec_u64(c, &m->most);
	codec_bool(c, &m->is_exact);
}
WIRE_DEFINE(courier_get)

static void visit_courier_moved(struct codec *c, struct wire_courier_moved *m)
{
	codec_u64(c, &m->bytes);
}
WIRE_DEFINE(courier_moved)

static void visit_courier_got(struct codec *c, struct wire_courier_got *m)
{
	codec_u16(c, &m->status);
	codec_u64(c, &m->bytes);
	codec_text(c, &m->reason, WIRE_MAX_TEXT);
	codec_text(c, &m->next, WIRE_MAX_URL);
}
WIRE_DEFINE(courier_got)

static void visit_courier_cancel(struct codec *c, struct wire_courier_cancel *m)
{
	codec_u32(c, &m->call);
}
WIRE_DEFINE(courier_cancel)

static void visit_courier_call(struct codec *c, struct wire_courier_call *m)
{
	codec_below(c, &m->method, WIRE_METHOD_COUNT);
	codec_text(c, &m->url, WIRE_MAX_URL);
	codec_text(c, &m->headers, WIRE_MAX_CALL_HEADERS);
	codec_text(c, &m->credential, WIRE_MAX_CREDENTIAL);
	codec_u32(c, &m->body_size);
	codec_u32(c, &m->most);
	codec_u32(c, &m->timeout_ms);
	codec_u8(c, &m->redirects);
}
WIRE_DEFINE(courier_call)

static void visit_courier_called(struct codec *c, struct wire_courier_called *m)
{
	codec_u16(c, &m->status);
	codec_u32(c, &m->size);
	codec_text(c, &m->headers, WIRE_MAX_CALL_ANSWER_HEADERS);
}
WIRE_DEFINE(courier_called)

static void visit_courier_mail(struct codec *c, struct wire_courier_mail *m)
{
	codec_text(c, &m->to, WIRE_MAX_ADDRESS);
	codec_text(c, &m->message, WIRE_MAX_MAIL);
}
WIRE_DEFINE(courier_mail)

static void visit_courier_mailed(struct codec *c, struct wire_courier_mailed *m)
{
	codec_u16(c, &m->status);
}
WIRE_DEFINE(courier_mailed)
