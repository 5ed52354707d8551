/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "crypto/base/clock.h"

enum { BAR = 24, SHOW_EVERY_MS = 100, SAY_EVERY_MS = 5000, AMOUNT = PROGRESS_AMOUNT };

void progress_amount(char out[AMOUNT], double bytes)
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
	progress_amount(done, (double)p->done);
	progress_amount(total, (double)p->total);
	progress_amount(rate, elapsed_ms > 0 ? (double)p->done * 1000 / (double)elapsed_ms : 0);
	snprintf(out, PROGRESS_LINE, "%-32.60s [%s] %3d%%  %s of %s  %s/s", p->what, bar,
		 (int)(part * 100), done, total, rate);
}

static void show(struct progress *p, int64_t now)
{
	char line[PROGRESS_LINE];

	progress_line(line, p, now - p->began_ms);
	fprintf(stderr, "\r\033[K%s", line);
	p->shown_ms = now;
	p->is_shown = true;
}

/* "pulling demo/tiny: 45%, 1.5 of 3.0 GB, 210 MB/s" */
static void say_how_far(struct progress *p, int64_t now)
{
	int64_t elapsed_ms = now - p->began_ms;
	char done[AMOUNT], total[AMOUNT], rate[AMOUNT];

	progress_amount(done, (double)p->done);
	progress_amount(total, (double)p->total);
	progress_amount(rate, elapsed_ms > 0 ? (double)p->done * 1000 / (double)elapsed_ms : 0);
	fprintf(stderr, "%.100s: %d%%, %s of %s, %s/s\n", p->what,
		p->total ? (int)((double)p->done * 100 / (double)p->total) : 100, done, total,
		rate);
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
	int64_t now = clock_monotonic_ms();

	p->done += bytes;
	if (p->is_visible && now - p->shown_ms >= SHOW_EVERY_MS)
		show(p, now);
	else if (!p->is_visible && now - p->shown_ms >= SAY_EVERY_MS)
		say_how_far(p, now);
}

void progress_say(struct progress *p, const char *text)
{
	fputs(p->is_shown ? "\r\033[K" : "", stderr);
	for (; *text; text++) /* a gateway's words may be in it */
		fputc(*text < ' ' && *text >= 0 ? '?' : *text, stderr);
	fputc('\n', stderr);
	if (p->is_shown)
		show(p, clock_monotonic_ms());
}

void progress_note(struct progress *p, const char *path, const char *what)
{
	if (!p->is_visible)
		fprintf(stderr, "%s: %.500s, %s\n", p->what, path, what);
}

void progress_file(struct progress *p, const char *path, uint64_t bytes)
{
	char amount[AMOUNT];

	progress_amount(amount, (double)bytes);
	progress_note(p, path, amount);
}

void progress_end(struct progress *p)
{
	if (!p->is_visible)
		return;
	show(p, clock_monotonic_ms());
	fputc('\n', stderr);
	p->is_shown = false;
}
