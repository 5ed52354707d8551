/* SPDX-License-Identifier: Apache-2.0 */
/* texts.h - ENGINE_TOKENIZE and ENGINE_DETOKENIZE: what the tokenizer makes of a text or of ids.
 * Nothing is written, and no sequence is begun; each is answered at once, in one frame. */
#ifndef GATEWAY_ENGINE_TEXTS_H
#define GATEWAY_ENGINE_TEXTS_H

#include "gateway/proc/channel.h"
#include "inference/engine.h"

/* The pass that such a frame names; 0, which no pass has, if it is none. */
uint64_t texts_pass(const struct frame *frame);

RESULT texts_answer(const struct engine *engine, const struct channel *from,
		    const struct frame *frame);

#endif
