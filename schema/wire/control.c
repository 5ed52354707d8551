/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/control.h"

static void visit_peer(struct codec *c, struct wire_peer *m)
{
	uint8_t role = (uint8_t)m->role;

	codec_below(c, &role, ROLE_COUNT);
	m->role = (enum role)role;
	codec_below(c, &m->index, ROLE_MAX_INDEX);
}
WIRE_DEFINE(peer)

static void visit_cores(struct codec *c, struct wire_cores *m)
{
	codec_u16(c, &m->first);
	codec_u16(c, &m->count);
}
WIRE_DEFINE(cores)

static void visit_at_work(struct codec *c, struct wire_at_work *m)
{
	codec_bool(c, &m->is_at_work);
}
WIRE_DEFINE(at_work)

/* The kind travels as its number less one, since a FAIL that says OK does not exist. */
static void visit_fail(struct codec *c, struct wire_fail *m)
{
	uint8_t kind = (uint8_t)(m->kind - 1);

	codec_below(c, &kind, ERR_INTERNAL);
	m->kind = (enum err)(kind + 1);
	codec_text(c, &m->code, WIRE_MAX_CODE);
	codec_text(c, &m->text, WIRE_MAX_TEXT);
}
WIRE_DEFINE(fail)

enum err wire_read_empty(struct slice body)
{
	struct reader r = reader_of(body);

	return reader_done(&r);
}
