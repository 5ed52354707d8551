/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - where weights come from: bytes at an offset, and files by name. The engine never
 * opens a file; whoever starts it (a process with sealed files and their keys, a test with plain
 * ones) supplies these two.
 */
#ifndef INFERENCE_FORMAT_SOURCE_H
#define INFERENCE_FORMAT_SOURCE_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

struct weight_source {
	/* Exactly `size` bytes at `offset` into `out`, or a failure. Never asked past `size`. */
	enum err (*read)(struct weight_source *source, void *out, size_t size, uint64_t offset);
	uint64_t size;  /* of the whole file in bytes */
	void *context;  /* the supplier's own */
	bool is_shared; /* several threads may read at once */
};

struct model_files {
	/* The file of that name within the model's directory, or ERR_NOT_FOUND. The source stays
	 * the supplier's, and must live until the call that got `files` has returned. */
	enum err (*find)(struct model_files *files, const char *name, struct weight_source **out);
	void *context;
	/* The name of file i, borrowed until the next call; NULL: there are no more. The function
	 * may be NULL: then nobody can ask which files there are. */
	const char *(*name_at)(struct model_files *files, size_t i);
};

#endif
