/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/base/clock.h"

/* Set once before the first thread; read-only ever after. */
static char speaker[32] = "sallyport";
static enum log_level most = LOG_LEVEL_INFO;

void log_start(const char *who, enum log_level level)
{
	snprintf(speaker, sizeof speaker, "%s", who);
	most = level;
}

/* One write() a line, so that lines of several processes do not mix. Control characters of a
 * foreign value become '?', so that a value cannot forge a line. */
__attribute__((format(printf, 3, 0))) static void line(const char *level, const char *event,
						       const char *format, va_list args)
{
	char text[1024];
	char when[CLOCK_TEXT];
	size_t used;

	clock_text(when, clock_now_ms());
	used = (size_t)snprintf(text, sizeof text - 1, "%s %s %s %s ", when, level, speaker, event);
	vsnprintf(text + used, sizeof text - 1 - used, format, args);
	used = strlen(text);
	for (size_t i = 0; i < used; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = '?';
	text[used++] = '\n';
	if (write(STDERR_FILENO, text, used) < 0)
		return; /* may be lost */
}

#define LOG_FUNCTION(name, wanted) \
	void log_##name(const char *event, const char *format, ...) \
	{ \
		va_list args; \
\
		if (most < (wanted)) \
			return; \
		va_start(args, format); \
		line(#name, event, format, args); \
		va_end(args); \
	}

LOG_FUNCTION(error, LOG_LEVEL_ERROR)
LOG_FUNCTION(warn, LOG_LEVEL_WARN)
LOG_FUNCTION(info, LOG_LEVEL_INFO)
LOG_FUNCTION(debug, LOG_LEVEL_DEBUG)
