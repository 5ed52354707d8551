/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* strerrordesc_np */
#include "crypto/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The one mutable thing in the ground: a text per thread, as errno is a number per thread. */
static _Thread_local char last_text[FAILURE_MAX_TEXT];

enum err failure(enum err kind, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(last_text, sizeof last_text, format, args);
	va_end(args);
	return kind;
}

enum err failure_errno(const char *format, ...)
{
	int number = errno;
	const char *reason = strerrordesc_np(number);
	va_list args;
	size_t used;

	va_start(args, format);
	vsnprintf(last_text, sizeof last_text, format, args);
	va_end(args);
	used = strlen(last_text);
	snprintf(last_text + used, sizeof last_text - used, ": %s", reason ? reason : "unknown");
	errno = number;
	return number == ENOSPC || number == EDQUOT || number == EFBIG ? ERR_FULL : ERR_IO;
}

const char *failure_text(void)
{
	return last_text;
}

const char *err_name(enum err kind)
{
	switch (kind) {
#define ERR_CASE(value, name) \
	case value: \
		return name;
		ERRORS(ERR_CASE)
#undef ERR_CASE
	}
	return "unknown";
}
