/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/answer.h"

#include "crypto/base/clock.h"

enum err answer_write_fields(struct buf *out, const struct answer_head *head)
{
	char date[HTTP_DATE];

	http_date(date, clock_now_seconds());
	buf_write(out, S("Date: "));
	buf_write_string(out, date);
	buf_write(out, S("\r\n"));
	if (head->content_type)
		TRY(http_write_header(out, S("Content-Type"), slice_of_string(head->content_type)));
	if (head->request_id) {
		buf_write(out, S("X-Request-Id: "));
		buf_write_string(out, head->request_id);
		buf_write(out, S("\r\n"));
	}
	buf_write(out, head->headers);
	if (head->framing == ANSWER_LENGTH) {
		buf_write(out, S("Content-Length: "));
		buf_write_decimal(out, head->length);
		buf_write(out, S("\r\n"));
	}
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
