/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/mailbox.h"

#include <stdio.h>
#include <time.h>

enum { SUBJECT_MAX = 200, LINE_MAX_BYTES = 990 };

static bool is_local(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool is_domain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.';
}

/* Of such characters, and no dot at an end or next to another. */
static bool is_dotted(struct slice text, bool (*is_good)(uint8_t))
{
	uint8_t before = '.';

	for (size_t i = 0; i < text.size; i++) {
		if (!is_good(text.data[i]) || (text.data[i] == '.' && before == '.'))
			return false;
		before = text.data[i];
	}
	return text.size > 0 && before != '.';
}

enum err mailbox_check(struct slice address)
{
	struct slice local, domain;

	if (address.size <= MAILBOX_MAX && slice_cut(address, '@', &local, &domain) &&
	    is_dotted(local, is_local) && is_dotted(domain, is_domain) && local.size <= 64 &&
	    domain.data[0] != '-')
		return OK;
	return failure(ERR_FORMAT, "\"%.*s\" is not a mailbox: name@host is expected",
		       SLICE_PRINT(slice_part(address, 0, 80)));
}

static void write_header(struct buf *out, const char *name, struct slice value)
{
	buf_write_string(out, name);
	buf_write_string(out, ": ");
	for (size_t i = 0; i < value.size && i < SUBJECT_MAX + MAILBOX_MAX; i++) {
		uint8_t c = value.data[i];
		uint8_t safe = c < ' ' || c > '~' ? '?' : c;

		buf_write(out, slice_of(&safe, 1));
	}
	buf_write_string(out, "\r\n");
}

/* RFC 5322 section 3.3, in UTC; not by strftime, whose names follow the locale. */
static void write_date(struct buf *out, int64_t at_seconds)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t at = (time_t)at_seconds;
	struct tm tm = {0};
	char text[64];

	gmtime_r(&at, &tm);
	snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[tm.tm_wday % 7],
		 tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		 tm.tm_sec);
	write_header(out, "Date", slice_of_string(text));
}

static void write_text(struct buf *out, struct slice text)
{
	struct slice line;
	bool more = text.size > 0;

	while (more) {
		more = slice_cut(text, '\n', &line, &text);
		if (line.size && line.data[line.size - 1] == '\r')
			line.size--;
		while (line.size > LINE_MAX_BYTES) {
			buf_write(out, slice_part(line, 0, LINE_MAX_BYTES));
			buf_write_string(out, "\r\n");
			line = slice_part(line, LINE_MAX_BYTES, line.size);
		}
		if (more || line.size) {
			buf_write(out, line);
			buf_write_string(out, "\r\n");
		}
	}
}

void mailbox_write(struct buf *out, const struct mailbox_message *m)
{
	AUTO(buf_free) struct buf id = buf_new(MAILBOX_MAX + 100);

	buf_write_string(&id, "<");
	buf_write(&id, m->id);
	buf_write_string(&id, "@");
	buf_write(&id, m->domain);
	buf_write_string(&id, ">");
	write_header(out, "From", m->from);
	write_header(out, "To", m->to);
	write_header(out, "Subject", slice_part(m->subject, 0, SUBJECT_MAX));
	write_date(out, m->at_seconds);
	write_header(out, "Message-ID", buf_slice(&id));
	write_header(out, "Auto-Submitted", S("auto-generated"));
	write_header(out, "MIME-Version", S("1.0"));
	write_header(out, "Content-Type", S("text/plain; charset=utf-8"));
	write_header(out, "Content-Transfer-Encoding", S("8bit"));
	buf_write_string(out, "\r\n");
	write_text(out, m->text);
}
