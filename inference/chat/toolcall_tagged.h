/* SPDX-License-Identifier: Apache-2.0 */
/*
 * toolcall_tagged.h - calls that are written with tags, as Qwen3-Coder's models do: each argument
 * by itself, as text, whose type only the tool's schema knows.
 *
 *     <function=weather><parameter=city>Bern</parameter></function>
 */
#ifndef INFERENCE_CHAT_TOOLCALL_TAGGED_H
#define INFERENCE_CHAT_TOOLCALL_TAGGED_H

#include <jansson.h>

#include "crypto/base/slice.h"

#define TOOLCALL_TAG "<function="

/* What stands between marker and end. `tools`: as offered, or NULL. False: it is no call. The
 * caller drops *arguments; *name is a part of `text`. */
bool toolcall_read_tagged(struct slice *name, json_t **arguments, struct slice text,
			  const json_t *tools);

#endif
