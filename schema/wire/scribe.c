/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/scribe.h"

static void visit_scribe_await(struct codec *c, struct wire_scribe_await *m)
{
	codec_array(c, m->event, sizeof m->event);
}
WIRE_DEFINE(scribe_await)

static void visit_scribe_published(struct codec *c, struct wire_scribe_published *m)
{
	codec_u64(c, &m->index);
	codec_u64(c, &m->size);
}
WIRE_DEFINE(scribe_published)
