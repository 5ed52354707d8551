/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/response.h"

#include <string.h>
#include <time.h>

const char *http_status_text(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} texts[] = {
		{100, "Continue"},
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{206, "Partial Content"},
		{301, "Moved Permanently"},
		{302, "Found"},
		{303, "See Other"},
		{304, "Not Modified"},
		{307, "Temporary Redirect"},
		{308, "Permanent Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{402, "Payment Required"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{410, "Gone"},
		{411, "Length Required"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{416, "Range Not Satisfiable"},
		{417, "Expectation Failed"},
		{422, "Unprocessable Content"},
		{428, "Precondition Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{451, "Unavailable For Legal Reasons"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
		{507, "Insufficient Storage"},
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Unknown";
}

bool http_status_has_body(unsigned status)
{
	return status >= 200 && status != 204 && status != 304;
}

void http_write_status(struct buf *out, unsigned status)
{
	buf_write(out, S("HTTP/1.1 "));
	buf_write_decimal(out, status);
	buf_write(out, S(" "));
	buf_write_string(out, http_status_text(status));
	buf_write(out, S("\r\n"));
}

static bool name_is_good(struct slice name)
{
	for (size_t i = 0; i < name.size; i++)
		if (name.data[i] <= 0x20 || name.data[i] >= 0x7f || name.data[i] == ':')
			return false;
	return name.size > 0;
}

static bool value_is_good(struct slice value)
{
	for (size_t i = 0; i < value.size; i++)
		if ((value.data[i] < 0x20 && value.data[i] != '\t') || value.data[i] == 0x7f)
			return false;
	return true;
}

enum err http_write_header(struct buf *out, struct slice name, struct slice value)
{
	if (!name_is_good(name) || !value_is_good(value))
		return failure(ERR_INTERNAL, "answer: a header cannot hold these bytes");
	buf_write(out, name);
	buf_write(out, S(": "));
	buf_write(out, value);
	buf_write(out, S("\r\n"));
	return OK;
}

void http_write_end(struct buf *out)
{
	buf_write_string(out, "\r\n");
}

void http_write_chunk(struct buf *out, struct slice bytes)
{
	if (bytes.size == 0)
		return; /* an empty chunk would be the last one */
	buf_printf(out, "%zx\r\n", bytes.size);
	buf_write(out, bytes);
	buf_write_string(out, "\r\n");
}

void http_write_last_chunk(struct buf *out)
{
	buf_write_string(out, "0\r\n\r\n");
}

static void two_digits(char *out, int value)
{
	out[0] = (char)('0' + value / 10 % 10);
	out[1] = (char)('0' + value % 10);
}

/* In every answer: by hand, since printing takes several times as long. */
void http_date(char out[HTTP_DATE], int64_t seconds)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t time = (time_t)seconds;
	struct tm tm = {.tm_mday = 1};

	gmtime_r(&time, &tm);
	memcpy(out, "Day, 00 Mon 0000 00:00:00 GMT", HTTP_DATE);
	memcpy(out, days[tm.tm_wday % 7], 3);
	two_digits(out + 5, tm.tm_mday);
	memcpy(out + 8, months[tm.tm_mon % 12], 3);
	two_digits(out + 12, (tm.tm_year + 1900) / 100);
	two_digits(out + 14, tm.tm_year % 100);
	two_digits(out + 17, tm.tm_hour);
	two_digits(out + 20, tm.tm_min);
	two_digits(out + 23, tm.tm_sec);
}
