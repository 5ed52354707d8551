/* SPDX-License-Identifier: Apache-2.0 */
/* foreign.h - test data nobody here wrote, below $SALLYPORT_SHARED/data. */
#ifndef TESTS_UNIT_CRYPTO_FOREIGN_H
#define TESTS_UNIT_CRYPTO_FOREIGN_H

#include "crypto/base/buf.h"

/* The folder, or -1 with a line that says so; the caller skips. The caller closes it. */
int foreign_open(const char *folder);

void foreign_read(struct buf *out, int dir, const char *path); /* fails the test */

/* Run a program and wait; its exit status, or 127 if it is not installed. */
int foreign_run(const char *const arguments[]);

#endif
