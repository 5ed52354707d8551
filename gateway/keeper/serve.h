/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - the keeper's messages: what comes in, which deed answers it, what goes out. */
#ifndef GATEWAY_KEEPER_SERVE_H
#define GATEWAY_KEEPER_SERVE_H

#include "gateway/keeper/keeper.h"
#include "gateway/proc/loop.h"

struct serve {
	struct keeper *keeper; /* borrowed */
	struct loop *loop;     /* borrowed; to find the peer that a key goes to */
};

/* loop_frame_fn, keeper_send_key_fn and keeper_tell_engine_fn; `context` is a struct serve. */
enum err serve_frame(void *context, const struct channel *from, const struct frame *frame);
enum err serve_send_key(void *context, const struct keeper_target *target,
			const struct secret *file_key);
enum err serve_tell_engine(void *context, unsigned index, enum wire_type type, struct slice body);

#endif
