/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* timegm, CLOCK_BOOTTIME */
#include "crypto/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_clock_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	return read_clock_ms(CLOCK_REALTIME);
}

int64_t clock_now_seconds(void)
{
	return clock_now_ms() / 1000;
}

int64_t clock_monotonic_ms(void)
{
	return read_clock_ms(CLOCK_MONOTONIC);
}

int64_t clock_awake_ms(void)
{
	return read_clock_ms(CLOCK_BOOTTIME);
}

int64_t clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void clock_text(char out[CLOCK_TEXT], int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	size_t used;

	gmtime_r(&seconds, &tm);
	used = strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + used, CLOCK_TEXT - used, ".%03uZ", (unsigned)(ms % 1000) % 1000);
}

/* `count` digits at *at; advances. -1 if there is anything else. */
static int digits(struct slice s, size_t *at, size_t count)
{
	int value = 0;

	if (s.size - *at < count)
		return -1;
	for (size_t end = *at + count; *at < end; (*at)++) {
		if (s.data[*at] < '0' || s.data[*at] > '9')
			return -1;
		value = value * 10 + (s.data[*at] - '0');
	}
	return value;
}

static bool literal(struct slice s, size_t *at, char c)
{
	return *at < s.size && s.data[(*at)++] == (uint8_t)c;
}

enum err clock_parse(int64_t *out_ms, struct slice text)
{
	size_t at = 0;
	int64_t fraction = 0;
	struct tm tm = {0};
	bool good;

	tm.tm_year = digits(text, &at, 4) - 1900;
	good = literal(text, &at, '-');
	tm.tm_mon = digits(text, &at, 2) - 1;
	good = good && literal(text, &at, '-');
	tm.tm_mday = digits(text, &at, 2);
	good = good && literal(text, &at, 'T');
	tm.tm_hour = digits(text, &at, 2);
	good = good && literal(text, &at, ':');
	tm.tm_min = digits(text, &at, 2);
	good = good && literal(text, &at, ':');
	tm.tm_sec = digits(text, &at, 2);
	if (good && at < text.size && text.data[at] == '.') {
		int scale = 100;

		for (at++; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++) {
			fraction += (text.data[at] - '0') * scale;
			scale /= 10;
		}
	}
	good = good && literal(text, &at, 'Z') && at == text.size;
	if (!good || tm.tm_year < 0 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
	    tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return failure(ERR_FORMAT, "time: not of the form 2026-01-02T03:04:05Z");
	*out_ms = (int64_t)timegm(&tm) * 1000 + fraction;
	return OK;
}
