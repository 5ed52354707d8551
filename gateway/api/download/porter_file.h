/* SPDX-License-Identifier: Apache-2.0 */
/* porter_file.h - files that a porter opens for the edge to send: over the ring to it. */
#ifndef GATEWAY_API_DOWNLOAD_PORTER_FILE_H
#define GATEWAY_API_DOWNLOAD_PORTER_FILE_H

#include "gateway/api/api.h"
#include "gateway/proc/process.h"
#include "schema/wire/porter.h"

/* A range of a file, opened under a handle whose key the porter has. What the porter finds wrong
 * at once (no such blob, a wrong length, a damaged end) is the failure. */
RESULT porter_file_open(struct exchange_file *out, struct exchange *x, struct api *api,
			unsigned porter, const struct wire_porter_open *ask);

/* A sealed file as it lies in the store. */
RESULT porter_file_copy(struct exchange_file *out, struct exchange *x, struct api *api,
			unsigned porter, const uint8_t blob[WIRE_ID]);

/* For edge_options; `shared` is the struct api. */
enum err porter_file_ring(void *shared, unsigned porter, int fd);
void porter_file_refuse(void *shared, unsigned porter);

#endif
