/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/fetch.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "crypto/base/clock.h"
#include "gateway/courier/hop.h"
#include "gateway/http/retry.h"

enum {
	FETCH_MAX_HOPS = 6,
	FETCH_MAX_IDLE_TRIES = 4, /* one after the other, without a byte */
	FETCH_MAX_TRIES = 32,
	FETCH_STEP_MS = 100,
};

static enum err check_hop(struct hop *h, const char *url)
{
	TRY(target_parse(&h->target, slice_of_string(url)));
	if (target_is_listed(&h->target, h->tries->fetch->rules->guard.allow))
		return OK;
	return failure(ERR_DENIED,
		       "%.*s:%u is not a host that may be imported from; an operator adds it to "
		       "courier.allow",
		       SLICE_PRINT(h->target.host), h->target.port);
}

static enum err follow(struct tries *t)
{
	const struct fetch *f = t->fetch;
	uint64_t offset = t->answer->bytes;
	struct target first;
	char url[WIRE_MAX_URL + 1];
	bool with_token = f->token.size > 0; /* never again once another host was met */

	TRY(target_parse(&first, f->url));
	snprintf(url, sizeof url, "%.*s", SLICE_PRINT(f->url));
	for (unsigned i = 0; i < FETCH_MAX_HOPS; i++) {
		struct hop h = {.tries = t, .offset = offset};

		t->answer->reason[0] = t->answer->next[0] = '\0';
		TRY(check_hop(&h, url));
		with_token = with_token && target_same_place(&first, &h.target);
		TRY(hop_run(&h, url, with_token));
		if (t->answer->status)
			return OK;
	}
	return failure(ERR_LIMIT, "more than %d redirects", FETCH_MAX_HOPS - 1);
}

static enum err check_request(const struct fetch *f)
{
	if (f->url.size > WIRE_MAX_URL || f->token.size > WIRE_MAX_SECRET)
		return failure(ERR_LIMIT, "the address or the token is too long");
	if (f->is_exact && f->most > f->rules->most)
		return failure(ERR_LIMIT, "a file of %llu bytes; courier.max_file_bytes is %llu",
			       (unsigned long long)f->most, (unsigned long long)f->rules->most);
	for (size_t i = 0; i < f->token.size; i++)
		if (f->token.data[i] <= ' ' || f->token.data[i] > '~')
			return failure(ERR_FORMAT, "the token has a character no token has");
	return OK;
}

/* Did the last try end in a way that another may not? */
static bool is_worth_again(const struct tries *t, enum err result)
{
	return result == OK ? retry_is_worth(t->answer->status) : t->is_transient;
}

/* Who waits for us hears of us meanwhile. */
static void pause_for(const struct fetch *f, uint64_t bytes, int64_t pause_ms)
{
	for (; pause_ms > 0 && !atomic_load(f->stop); pause_ms -= FETCH_STEP_MS) {
		poll(NULL, 0, FETCH_STEP_MS);
		if (f->moved && pause_ms % 1000 < FETCH_STEP_MS)
			f->moved(f->context, bytes);
	}
}

/* The last try's outcome, with how often it was tried. */
static enum err give_up(enum err result, unsigned tries)
{
	char why[FAILURE_MAX_TEXT];

	if (result == OK || tries == 1)
		return result;
	snprintf(why, sizeof why, "%s", failure_text());
	return failure(result, "%.400s; given up after %u tries", why, tries);
}

/* Again and again, from where it broke, as long as there is hope. */
static enum err try_all(struct tries *t)
{
	unsigned idle = 0, tries = 0;

	for (;;) {
		uint64_t before = t->answer->bytes;
		enum err result;
		int64_t pause_ms;

		t->is_transient = false;
		t->retry_after = 0;
		t->answer->status = 0;
		result = follow(t);
		tries++;
		if (t->is_transient && t->fetch->is_exact && t->answer->bytes == t->fetch->most)
			t->answer->status = 200; /* it broke behind the last byte */
		if (t->answer->status == 200)
			return OK;
		idle = t->answer->bytes > before ? 1 : idle + 1;
		pause_ms = retry_pause_ms(idle, t->retry_after);
		if (!is_worth_again(t, result) || idle == FETCH_MAX_IDLE_TRIES ||
		    tries == FETCH_MAX_TRIES || atomic_load(t->fetch->stop) ||
		    clock_monotonic_ms() + pause_ms >= t->deadline_ms)
			return give_up(result, tries);
		pause_for(t->fetch, t->answer->bytes, pause_ms);
	}
}

enum err fetch_run(struct fetch_answer *out, const struct fetch *f)
{
	struct tries tries = {.fetch = f,
			      .answer = out,
			      .deadline_ms = clock_monotonic_ms() +
					     (int64_t)f->rules->max_seconds * 1000};

	*out = (struct fetch_answer){0};
	TRY(check_request(f));
	if (fcntl(f->pipe, F_SETFL, O_NONBLOCK) != 0)
		return failure_errno("the pipe cannot be used");
	TRY(try_all(&tries));
	if (out->status == 206)
		out->status = 200; /* the rest of what was broken off */
	if (out->status == 200 && f->is_exact && out->bytes != f->most)
		return failure(ERR_FORMAT, "the host sent %llu bytes, and had announced %llu",
			       (unsigned long long)out->bytes, (unsigned long long)f->most);
	return OK;
}
