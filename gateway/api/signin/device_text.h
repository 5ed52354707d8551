/* SPDX-License-Identifier: Apache-2.0 */
/* device_text.h - what the page of a device says, in the language that its reader prefers. */
#ifndef GATEWAY_API_SIGNIN_DEVICE_TEXT_H
#define GATEWAY_API_SIGNIN_DEVICE_TEXT_H

#include "crypto/base/slice.h"

/* Parts of HTML, as they are written into the page. */
struct device_text {
	const char *tag; /* of the language, BCP 47 */
	const char *title;
	const char *code, *go_on;
	const char *not_signed_in, *on_console, *or_approve;
	const char *you_are, *program, *at, *asks;
	const char *approve, *turn_away;
	const char *absent, *signed_out, *done;
};

/* By an Accept-Language header (empty: none came): the first of its languages that we speak and
 * that has no lower weight than another; English if there is none. */
const struct device_text *device_text_of(struct slice accepted);

#endif
