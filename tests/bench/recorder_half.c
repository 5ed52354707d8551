/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder_half.c - in the place of recorder.c in bench_edge_half, the peer of
 * bench_first_token.py: the begin of every second call, by the last bit of its entry's id (which
 * its X-Audit-Receipt names), is not waited for. So calls with and without it share one edge, one
 * engine, and each moment's load. Never installed.
 */
#define recorder_write write_all
#define recorder_start start_all
#include "gateway/api/recorder.c"
#undef recorder_write
#undef recorder_start

enum err recorder_write(struct recorder *r, const struct store_record *record);
void recorder_start(struct recorder *r, struct recorder_ticket *ticket,
		    const struct store_record *record);

static bool is_left_out(const struct store_record *record)
{
	const struct store_event *event = record->event;

	return event && slice_equal(event->kind, S("infer.generate")) &&
	       event->id[STORE_ID - 1] & 1;
}

enum err recorder_write(struct recorder *r, const struct store_record *record)
{
	return is_left_out(record) ? OK : write_all(r, record);
}

void recorder_start(struct recorder *r, struct recorder_ticket *ticket,
		    const struct store_record *record)
{
	if (is_left_out(record))
		*ticket = (struct recorder_ticket){.result = OK};
	else
		start_all(r, ticket, record);
}
