/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_report.c - the JSON form of a report: in whatever pieces it comes, it holds or does not. */
#include <assert.h>

#include "schema/report/reader.h"
#include "tests/fuzz/fuzz.h"

static enum err read_in(struct report_read *out, struct slice bytes, size_t piece)
{
	AUTO(report_reader_auto) struct report_reader *r = report_reader_new();

	while (bytes.size) {
		TRY(report_reader_push(r, slice_part(bytes, 0, piece)));
		bytes = slice_part(bytes, piece, SIZE_MAX);
	}
	return report_reader_end(r, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_of(data, size);
	struct report_read whole, pieces;
	enum err result = read_in(&whole, bytes, size);

	assert(read_in(&pieces, bytes, 7) == result);
	if (result != OK)
		return 0;
	assert(whole.rows == pieces.rows && whole.erased <= whole.rows);
	assert(whole.rows <= whole.head.size);
	assert(digest_equal(&whole.sha256, &pieces.sha256));
	return 0;
}
