/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demo_folder.h - the directory a demo lives in. It is taken if it is empty, new, or a demo's own
 * (it holds the file .sallyport-demo); then what an earlier run left is deleted. A directory with
 * anything else in it is refused.
 */
#ifndef GATEWAY_CLI_DEMO_FOLDER_H
#define GATEWAY_CLI_DEMO_FOLDER_H

#include "crypto/base/arena.h"
#include "crypto/base/err.h"

/* *dir: the absolute path, in the arena. *lock: held open while the demo runs; the caller closes
 * it. ERR_CONFLICT: not a demo's directory, or another demo is running there. */
RESULT demo_folder_take(const char **dir, int *lock, struct arena *arena, const char *path);

#endif
