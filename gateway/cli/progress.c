/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "crypto/base/clock.h"

enum { BAR = 24, SHOW_EVERY_MS = 100, AMOUNT = 24 };

static void amount_text(char out[AMOUNT], double bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	size_t unit = 0;

	while (bytes >= 1000 && unit + 1 < sizeof units / sizeof units[0]) {
		bytes /= 1000;
		unit++;
	}
	snprintf(out, AMOUNT, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

void progress_line(char out[PROGRESS_LINE], const struct progress *p, int64_t elapsed_ms)
{
	double part = p->total ? (double)p->done / (double)p->total : 1;
	char done[AMOUNT], total[AMOUNT], rate[AMOUNT], bar[BAR + 1];
	int filled;

	if (part > 1)
		part = 1;
	filled = (int)(part * BAR);
	for (int i = 0; i < BAR; i++)
		bar[i] = i < filled ? '#' : ' ';
	bar[BAR] = '\0';
	amount_text(done, (double)p->done);
	amount_text(total, (double)p->total);
	amount_text(rate, elapsed_ms > 0 ? (double)p->done * 1000 / (double)elapsed_ms : 0);
	snprintf(out, PROGRESS_LINE, "%-32.60s [%s] %3d%%  %s of %s  %s/s", p->what, bar,
		 (int)(part * 100), done, total, rate);
}

static void show(struct progress *p, int64_t now)
{
	char line[PROGRESS_LINE];

	progress_line(line, p, now - p->began_ms);
	fprintf(stderr, "\r\033[K%s", line);
	p->shown_ms = now;
}

struct progress progress_begin(const char *what, uint64_t total)
{
	int64_t now = clock_monotonic_ms();

	return (struct progress){.what = what,
				 .total = total,
				 .began_ms = now,
				 .shown_ms = now,
				 .is_visible = isatty(STDERR_FILENO) == 1};
}

void progress_add(struct progress *p, uint64_t bytes)
{
	int64_t now;

	p->done += bytes;
	if (!p->is_visible)
		return;
	now = clock_monotonic_ms();
	if (now - p->shown_ms >= SHOW_EVERY_MS)
		show(p, now);
}

void progress_end(struct progress *p)
{
	if (!p->is_visible)
		return;
	show(p, clock_monotonic_ms());
	fputc('\n', stderr);
}
