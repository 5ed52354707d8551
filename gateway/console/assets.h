/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assets.h - the web console as bytes in the program: what Vite has built, each file plain and
 * compressed. Where it was built without Node there is none, and nothing is found.
 */
#ifndef GATEWAY_CONSOLE_ASSETS_H
#define GATEWAY_CONSOLE_ASSETS_H

#include "crypto/base/slice.h"
#include "gateway/http/encoding.h"

struct asset {
	const char *name;                /* "index.html", "assets/index-CNfHJ9NY.js" */
	const char *type;                /* of its Content-Type */
	const char *tag;                 /* hex: changes with the bytes */
	bool is_hashed;                  /* its name does, too: it may be kept forever */
	struct slice in[HTTP_ENCODINGS]; /* the bytes; no data where that would not be smaller */
};

/* True: it is there, with slices that live as long as the program. */
bool assets_find(struct asset *out, struct slice name);

#endif
