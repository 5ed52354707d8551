/* SPDX-License-Identifier: Apache-2.0 */
/* wrap.h - long text in lines of a terminal, broken between words where there are any. */
#ifndef GATEWAY_CLI_WRAP_H
#define GATEWAY_CLI_WRAP_H

#include "crypto/base/slice.h"

/* Cuts the next line of at most `columns` characters off *rest: at a newline, else at the last
 * space that fits, else in the middle of a word, never in the middle of a character. Spaces where
 * it breaks belong to neither line. `columns` is at least 1. */
struct slice wrap_next(struct slice *rest, size_t columns);

#endif
