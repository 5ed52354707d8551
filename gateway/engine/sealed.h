/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed.h - the files of a revision as the inference library wants them: by name, bytes at an
 * offset, opened chunk by chunk from the sealed blobs straight to where they are to be.
 */
#ifndef GATEWAY_ENGINE_SEALED_H
#define GATEWAY_ENGINE_SEALED_H

#include "gateway/porter/keys.h"
#include "inference/format/source.h"
#include "schema/wire/engine.h"

struct sealed;

/* Opens every file that `load` names; each key must be in the table. ERR_NOT_FOUND: a blob or a
 * key is missing; ERR_FORGED: a sealed file is not what it was. All borrowed until sealed_free;
 * the texts of `load` too. */
RESULT sealed_open(struct sealed **out, int store, struct keys *keys,
		   const struct wire_engine_load *load);
void sealed_free(struct sealed *s); /* wipes; NULL is fine */
AUTO_POINTER(sealed)

/* Called after each read of the thread that opened the files, with the bytes that all threads have
 * read since the last call; a failure of it is that of the read. */
typedef enum err sealed_watch_fn(void *context, size_t bytes);
void sealed_watch(struct sealed *s, sealed_watch_fn *watch, void *context);

uint64_t sealed_total(const struct sealed *s); /* bytes of all files, opened */

struct model_files *sealed_files(struct sealed *s); /* borrowed */

#endif
