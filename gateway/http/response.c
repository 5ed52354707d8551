/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/response.h"

#include <stdio.h>
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
	buf_printf(out, "HTTP/1.1 %03u %s\r\n", status, http_status_text(status));
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
	buf_write_string(out, ": ");
	buf_write(out, value);
	buf_write_string(out, "\r\n");
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

void http_date(char out[HTTP_DATE], int64_t seconds)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t time = (time_t)seconds;
	struct tm tm = {.tm_mday = 1};

	gmtime_r(&time, &tm);
	/* The remainders only tell the compiler what gmtime_r promises: two digits, four digits. */
	snprintf(out, HTTP_DATE, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday % 7],
		 (unsigned)tm.tm_mday % 100, months[tm.tm_mon % 12],
		 (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
		 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}
