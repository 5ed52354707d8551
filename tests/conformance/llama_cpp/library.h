/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library.h - llama.cpp 0.5.0 from its prebuilt library (npm @node-llama-cpp/linux-x64 3.22.1),
 * opened when it is there: what it computes of a GGUF file, and files that it quantizes.
 */
#ifndef TESTS_CONFORMANCE_LLAMA_CPP_LIBRARY_H
#define TESTS_CONFORMANCE_LLAMA_CPP_LIBRARY_H

#include "crypto/base/err.h"
#include "inference/format/tensor.h"

struct library;

/* `folder` holds libllama.v0.5.0.so and its siblings. Stays open as long as the process. */
RESULT library_open(struct library **out, const char *folder);

/* Writes `to` with all matrices of that type ("F32" too, from any other), as far as their rows
 * divide into its blocks. */
RESULT library_quantize(struct library *l, const char *from, const char *to, enum tensor_type type);

/* What comes out at each of `count` positions, *width numbers each, into room for `room` of them.
 * An encoder's states; of T5, with `source` before, the logits of its decoder; else logits. */
enum library_way { LIBRARY_DECODE, LIBRARY_ENCODE, LIBRARY_BOTH };
RESULT library_run(struct library *l, float *out, size_t room, size_t *width, const char *model,
		   enum library_way way, const int32_t *ids, size_t count);

/* A model that goes on with `sequences` sequences of at most `positions` each. */
struct library_session;
RESULT library_session_open(struct library_session **out, struct library *l, const char *model,
			    uint32_t sequences, uint32_t positions, int32_t threads);
/* The same of a file that is read into memory instead of being mapped. */
RESULT library_session_read(struct library_session **out, struct library *l, const char *model,
			    uint32_t sequences, uint32_t positions, int32_t threads);
void library_session_close(struct library_session *s); /* NULL is fine */

/* `count` tokens at `position` on: of one sequence, or (each) one of each sequence at that
 * position. Logits of the last one, or of each. */
RESULT library_session_step(struct library_session *s, int32_t id, size_t count, int32_t position,
			    bool each);

/* What it has read is forgotten, if `all`. */
void library_session_forget(struct library_session *s, bool all);

/* ggml's own reading of blocks; NULL: it has none of that type. */
typedef void library_widen_fn(const void *blocks, float *out, int64_t count);
library_widen_fn *library_widen(struct library *l, enum tensor_type type);

/* And its making of them. */
typedef void library_quantize_fn(const float *values, void *blocks, int64_t count);
library_quantize_fn *library_quantizer(struct library *l, enum tensor_type type);

#endif
