/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/answer.h"

#include "crypto/base/clock.h"

enum err answer_write_fields(struct buf *out, const struct answer_head *head)
{
	char date[HTTP_DATE];

	http_date(date, clock_now_seconds());
	buf_printf(out, "Date: %s\r\n", date);
	if (head->content_type)
		TRY(http_write_header(out, S("Content-Type"), slice_of_string(head->content_type)));
	if (head->request_id)
		buf_printf(out, "X-Request-Id: %s\r\n", head->request_id);
	buf_write(out, head->headers);
	if (head->framing == ANSWER_LENGTH)
		buf_printf(out, "Content-Length: %llu\r\n", (unsigned long long)head->length);
	return OK;
}

enum err answer_write_head(struct buf *out, const struct answer_head *head, struct answer_wire wire)
{
	http_write_status(out, head->status);
	TRY(answer_write_fields(out, head));
	if (wire.is_chunked)
		buf_write_string(out, "Transfer-Encoding: chunked\r\n");
	if (wire.closes)
		buf_write_string(out, "Connection: close\r\n");
	http_write_end(out);
	return OK;
}
