/* SPDX-License-Identifier: Apache-2.0 */
/* adapting.h - adapters over the model that is loaded: read on demand, forgotten when told. */
#ifndef GATEWAY_ENGINE_ADAPTING_H
#define GATEWAY_ENGINE_ADAPTING_H

#include "gateway/engine/serve.h"

/* ENGINE_ADAPTS, of the keeper. */
RESULT adapting_named(struct serve *s, struct slice body);

/* ENGINE_ADAPT: it is there, or the failure says why not; ERR_NOT_FOUND for one that was only asked
 * after. */
RESULT adapting_load(struct serve *s, const struct channel *from, const struct frame *frame);

/* ENGINE_ADAPT_DROP: what runs with it ends. */
RESULT adapting_drop(struct serve *s, struct slice body);

#endif
