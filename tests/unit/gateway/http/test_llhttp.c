/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llhttp's own request cases (foreign data: SALLYPORT_SHARED/data/http/llhttp/request): what it
 * refuses in its strict mode we refuse too, and where both accept, both read the same. Its cases
 * mostly have no Host, so one is added.
 */
#include "tests/unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/buf.h"
#include "crypto/base/file.h"
#include "gateway/http/body.h"

enum verdict { REFUSED, INCOMPLETE, ACCEPTED };

struct reading {
	enum verdict verdict; /* of the whole input */
	struct http_request first;
	uint64_t body;     /* bytes, over all requests */
	unsigned requests; /* complete */
};

/* All requests of one connection, as the edge would read them. */
static struct reading read_requests(struct arena *arena, struct slice input)
{
	struct reading r = {.verdict = ACCEPTED};

	while (input.size) {
		struct http_scan scan = {.seen = 0};
		struct http_refusal refusal;
		struct http_request request;
		struct http_body body;
		size_t used = 1;
		enum http_scan_result found = http_head_scan(&scan, input, &refusal);

		r.verdict = found == HTTP_SCAN_MORE ? INCOMPLETE : REFUSED;
		if (found != HTTP_SCAN_HEAD)
			return r;
		if (http_request_parse(&request, arena, slice_part(input, 0, scan.seen), &refusal))
			return r;
		input = slice_part(input, scan.seen, input.size);
		body = http_body_of(&request);
		while (used && !http_body_is_done(&body)) {
			struct slice data;

			if (http_body_next(&body, input, &used, &data))
				return r;
			r.body += data.size;
			input = slice_part(input, used, input.size);
		}
		r.verdict = INCOMPLETE;
		if (!http_body_is_done(&body))
			return r;
		if (r.requests++ == 0)
			r.first = request;
		r.verdict = input.size && !request.keeps_alive ? REFUSED : ACCEPTED;
		if (!request.keeps_alive)
			return r;
	}
	return r;
}

/* The fixture's notation: line ends are CR LF, a backslash at the end joins lines, \r \n \t \f
 * \xHH are the bytes. */
static void decode_fixture(struct buf *out, struct slice text)
{
	bool has_host = strstr((const char *)text.data, "ost:") != NULL;

	for (size_t i = 0; i < text.size; i++) {
		struct slice rest = slice_part(text, i, text.size);

		if (slice_starts_with(rest, S("\\\n"))) {
			i++;
		} else if (slice_starts_with(rest, S("\\x")) && rest.size >= 4) {
			char digits[3] = {(char)rest.data[2], (char)rest.data[3], 0};

			buf_write_u8(out, (uint8_t)strtoul(digits, NULL, 16));
			i += 3;
		} else if (rest.size > 1 && rest.data[0] == '\\' && strchr("rntf", rest.data[1])) {
			buf_write_u8(out,
				     (uint8_t) "\r\n\t\f"[strchr("rntf", rest.data[1]) - "rntf"]);
			i++;
		} else if (rest.data[0] == '\n') {
			buf_write_string(out, "\r\n");
		} else {
			buf_write_u8(out, rest.data[0]);
		}
		if (!has_host && slice_ends_with(buf_slice(out), S(" HTTP/1.1\r\n")))
			buf_write_string(out, "Host: h\r\n");
	}
}

/* The text of the first span of that name, as llhttp's log quotes it; "" if there is none. */
static struct slice first_span(const char *log, const char *name)
{
	const char *found = strstr(log, name);
	const char *end;

	if (!found)
		return S("");
	found += strlen(name);
	end = strstr(found, "\"\n");
	return end ? slice_of(found, (size_t)(end - found)) : S("");
}

static uint64_t body_of_log(const char *log)
{
	uint64_t total = 0;

	for (const char *p = log; (p = strstr(p, "len=")) != NULL; p++) {
		char *end;
		unsigned long n = strtoul(p + 4, &end, 10);

		if (strncmp(end, " span[body]", 11) == 0)
			total += n;
	}
	return total;
}

/* Not errors to us: a method it does not know (here a 405), and its pause at an Upgrade. */
static bool llhttp_refuses(const char *log)
{
	return strstr(log, "error code=") && !strstr(log, "nvalid method") &&
	       !strstr(log, "after method") && !strstr(log, "Pause on CONNECT/Upgrade");
}

struct tally {
	unsigned cases, both_refuse, both_accept, only_we_refuse;
};

static void compare(struct tally *tally, struct slice text, const char *log)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(buf_free) struct buf input = buf_new(1 << 20);
	struct reading r;
	bool they_refuse = llhttp_refuses(log);

	decode_fixture(&input, text);
	r = read_requests(&arena, buf_slice(&input));
	tally->cases++;
	if (they_refuse && r.verdict == ACCEPTED)
		fail_msg("accepted, which llhttp refuses:\n%.*s\n%s", SLICE_PRINT(text), log);
	tally->both_refuse += they_refuse && r.verdict != ACCEPTED;
	tally->only_we_refuse += !they_refuse && r.verdict == REFUSED;
	if (strstr(log, "error code=") || r.verdict != ACCEPTED || r.requests == 0)
		return;
	tally->both_accept++;
	if (!slice_equal(r.first.method, first_span(log, "span[method]=\"")))
		fail_msg("%s", log);
	assert_true(slice_equal(r.first.target, first_span(log, "span[url]=\"")));
	assert_int_equal(r.body, body_of_log(log));
}

/* Cases of the kind "request" with nothing lenient, paused or skipped about them. */
static void run_file(struct tally *tally, char *text)
{
	char *at = text;

	while ((at = strstr(at, "<!-- meta=")) != NULL) {
		char *meta_end = strstr(at, "-->");
		char *http = meta_end ? strstr(meta_end, "```http\n") : NULL;
		char *http_end = http ? strstr(http + 8, "\n```") : NULL;
		char *log = http_end ? strstr(http_end + 4, "```log\n") : NULL;
		char *log_end = log ? strstr(log + 7, "```") : NULL;
		bool is_plain;

		if (!log_end)
			return;
		*meta_end = *http_end = *log_end = 0;
		is_plain = strstr(at, "\"request\"") && !strstr(at, "pause") && !strstr(at, "skip");
		if (is_plain)
			compare(tally, slice_of_string(http + 8), log + 7);
		at = log_end + 1;
	}
}

static void we_refuse_what_llhttp_refuses_and_read_what_it_reads(void **state)
{
	const char *shared = getenv("SALLYPORT_SHARED");
	char path[1024];
	struct tally tally = {.cases = 0};
	DIR *folder;

	(void)state;
	snprintf(path, sizeof path, "%s/data/http/llhttp/request", shared ? shared : "");
	folder = opendir(path);
	if (!folder) {
		print_message("no llhttp cases in SALLYPORT_SHARED: skipped\n");
		skip();
	}
	for (struct dirent *entry; (entry = readdir(folder));) {
		AUTO(buf_free) struct buf text = buf_new(1 << 20);

		if (!strstr(entry->d_name, ".md"))
			continue;
		assert_ok(file_read(&text, dirfd(folder), entry->d_name));
		buf_write_u8(&text, 0);
		run_file(&tally, (char *)text.data);
	}
	closedir(folder);
	print_message("%u cases: %u refused by both, %u read alike, %u refused by us alone\n",
		      tally.cases, tally.both_refuse, tally.both_accept, tally.only_we_refuse);
	assert_true(tally.both_refuse >= 20 && tally.both_accept >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(we_refuse_what_llhttp_refuses_and_read_what_it_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
