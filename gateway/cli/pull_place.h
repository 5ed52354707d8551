/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull_place.h - the directory that a pull fills. Nothing is read or written through a link below
 * it, whatever a gateway calls its files; and a file that was not pulled, or was changed since, is
 * known as such: ".sallyport-pull" lists what earlier pulls gave a name to.
 */
#ifndef GATEWAY_CLI_PULL_PLACE_H
#define GATEWAY_CLI_PULL_PLACE_H

#include "crypto/digest.h"
#include "crypto/json.h"

/* The folder that holds `path`, walked to part by part; *name is the last part, borrowed. With
 * `make`, folders that are missing are made. ERR_NOT_FOUND: one is missing. ERR_DENIED: a link, or
 * something that is no folder, is in the way. */
RESULT place_parent(int *out, const char **name, int dir, const char *path, bool make);

/* A plain file, for reading. *out is -1 if there is none. ERR_DENIED: something else is there. */
RESULT place_open(int *out, int dir, const char *path);

/* Free bytes for us where the directory lies; UINT64_MAX if that cannot be told. */
uint64_t place_free_bytes(int dir);

/* {"path": ["sha256", ...]}: what each file may hold that a pull has put there. An empty object if
 * there is no list. The caller owns it. */
RESULT place_record_read(json_t **out, int dir);
RESULT place_record_write(int dir, const json_t *record);
void place_record_add(json_t *record, const char *path, const struct digest *sha256);
bool place_record_has(const json_t *record, const char *path, const struct digest *sha256);

#endif
