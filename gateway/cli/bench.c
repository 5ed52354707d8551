/* SPDX-License-Identifier: Apache-2.0 */
/* bench.c - `sallyport bench MODEL`: how fast a model is served here, beside what the machine can
 * do at most. Everything is asked of the gateway as anybody asks, license and log included. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cli/bench_stream.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/machine.h"
#include "gateway/cli/output.h"

enum {
	ROUNDS = 5,
	SHORT_WORDS = 4,
	LONG_WORDS = 480, /* fewer, if the context holds no more */
	LONG_LEAST = 16,
	DECODED = 64,
	STREAMS = 8,
};

struct bench {
	struct cli *cli;
	struct client *client;
	const char *model;
	unsigned streams;
	double bandwidth, peak;     /* of this machine; 0: the gateway is on another */
	double parameters, weights; /* bytes a token reads; 0: not known */
};

static double seconds(int64_t from_us, int64_t to_us)
{
	return (double)(to_us > from_us ? to_us - from_us : 1) / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

static json_t *line_of(const char *name)
{
	json_t *line = json_object_new();

	json_put_text(line, "bench", slice_of_string(name));
	return line;
}

/* A rate, what it comes to in the machine's own measure, and how much of what there is at most. */
static void put_share(json_t *line, const char *name, double amount, double most)
{
	char share[40];

	if (amount <= 0)
		return;
	json_put(line, name, json_real(amount));
	if (most <= 0)
		return;
	snprintf(share, sizeof share, "share_of_measured_%s",
		 strcmp(name, "flops") == 0 ? "peak" : "bandwidth");
	json_put(line, share, json_real(amount / most));
}

/* A line of JSON; or of words, and then each number by its name. */
static enum err print(const struct bench *b, json_t *line)
{
	AUTO(json_auto) json_t *owned = line;
	const char *key;
	json_t *value;

	if (b->cli->json)
		return output_json(owned);
	printf("%-12s", json_string_value(json_object_get(owned, "bench")));
	json_object_foreach(owned, key, value)
	{
		if (json_is_string(value) && strcmp(key, "bench") != 0)
			printf("  %s", json_string_value(value));
		else if (json_is_integer(value))
			printf("  %s %lld", key, (long long)json_integer_value(value));
		else if (json_is_real(value))
			printf("  %s %.4g", key, json_real_value(value));
	}
	printf("\n");
	fflush(stdout);
	return OK;
}

static bool is_here(const char *url)
{
	static const char *const hosts[] = {"https://localhost", "https://127.", "https://[::1]"};

	for (size_t i = 0; i < 3; i++)
		if (strncmp(url, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

static enum err measure_machine(struct bench *b)
{
	json_t *line;

	if (!is_here(client_url(b->client)))
		return OK;
	TRY(machine_bandwidth(&b->bandwidth, machine_cores()));
	TRY(machine_peak(&b->peak, machine_cores()));
	line = line_of("machine");
	json_put_int(line, "cores", machine_cores());
	json_put(line, "bytes_per_second", json_real(b->bandwidth));
	json_put(line, "flops", json_real(b->peak));
	return print(b, line);
}

/* Out of memory, if the token may (--admin-token, or the one that asks): then the next call finds
 * sealed files. */
static enum err unload(struct bench *b)
{
	const char *token = arguments_value(&b->cli->arguments, "admin-token");
	AUTO(client_auto) struct client *admin = NULL;
	struct arena *arena = &b->cli->arena;
	const char *path = arena_printf(arena, "/api/v1/models/%s/unload",
					client_encode_path(arena, slice_of_string(b->model)));

	if (!token)
		return client_call(b->client, NULL, "POST", path, NULL);
	TRY(client_clone_as(&admin, b->client, token));
	return client_call(admin, NULL, "POST", path, NULL);
}

static enum err print_first(const struct bench *b, const char *state, double *ms, size_t count)
{
	json_t *line = line_of("first token");

	json_put_text(line, "state", slice_of_string(state));
	json_put(line, "milliseconds", json_real(median(ms, count)));
	return print(b, line);
}

static enum err measure_first(struct bench *b, double *warm_ms)
{
	double ms[ROUNDS];
	struct bench_stream s;

	if (unload(b) == OK) {
		TRY(bench_stream_run(&s, b->client, b->model, SHORT_WORDS, 1));
		ms[0] = 1e3 * seconds(s.asked_us, s.first_us);
		TRY(print_first(b, "cold, from sealed files", ms, 1));
	} else {
		fprintf(stderr, "cold start not measured: %s\n", failure_text());
		TRY(bench_stream_run(&s, b->client, b->model, SHORT_WORDS, 1));
	}
	for (size_t i = 0; i < ROUNDS; i++) {
		TRY(bench_stream_run(&s, b->client, b->model, SHORT_WORDS, 1));
		ms[i] = 1e3 * seconds(s.asked_us, s.first_us);
	}
	*warm_ms = median(ms, ROUNDS);
	return print_first(b, "warm", ms, ROUNDS);
}

/* Tokens beyond those of a short prompt, in the time beyond that one's. */
static enum err measure_prefill(struct bench *b, double warm_ms)
{
	unsigned words = LONG_WORDS;
	double ms[ROUNDS], rate;
	struct bench_stream s;
	json_t *line;

	while (bench_stream_run(&s, b->client, b->model, words, 1) != OK) {
		words /= 2;
		if (words < LONG_LEAST)
			return failure(ERR_LIMIT, "no prompt of %d words is taken: %s", LONG_LEAST,
				       failure_text());
	}
	for (size_t i = 0; i < ROUNDS; i++) {
		TRY(bench_stream_run(&s, b->client, b->model, words, 1));
		ms[i] = 1e3 * seconds(s.asked_us, s.first_us) - warm_ms;
		ms[i] = ms[i] > 0 ? ms[i] : 1e-3;
	}
	rate = (double)(s.prompt_tokens - SHORT_WORDS) / median(ms, ROUNDS) * 1e3;
	line = line_of("prefill");
	json_put_int(line, "tokens", s.prompt_tokens);
	json_put(line, "tokens_per_second", json_real(rate));
	put_share(line, "flops", rate * 2 * b->parameters, b->peak);
	return print(b, line);
}

/* From the first token of any to the last of all. */
static enum err decode_once(struct bench *b, unsigned count, double *rate)
{
	struct bench_stream streams[BENCH_MAX_STREAMS];
	int64_t first_us = INT64_MAX, last_us = 0, tokens = 0;

	TRY(bench_stream_run_many(streams, b->client, b->model, SHORT_WORDS, DECODED, count));
	for (unsigned i = 0; i < count; i++) {
		first_us = streams[i].first_us < first_us ? streams[i].first_us : first_us;
		last_us = streams[i].last_us > last_us ? streams[i].last_us : last_us;
		tokens += streams[i].completion_tokens - 1;
	}
	*rate = (double)tokens / seconds(first_us, last_us);
	return OK;
}

static enum err measure_decode(struct bench *b, unsigned count)
{
	double rates[ROUNDS], rate;
	json_t *line = NULL;

	for (size_t i = 0; i < ROUNDS; i++)
		TRY(decode_once(b, count, &rates[i]));
	rate = median(rates, ROUNDS);
	line = line_of("decode");
	json_put_int(line, "streams", count);
	json_put(line, "tokens_per_second", json_real(rate));
	put_share(line, "flops", rate * 2 * b->parameters, b->peak);
	if (count == 1)
		put_share(line, "bytes_per_second", rate * b->weights, b->bandwidth);
	return print(b, line);
}

/* --parameters and --bits are of the person: which weights are in which width is no secret of the
 * engine's, but no client is told. */
static enum err read_options(struct bench *b)
{
	const struct arguments *a = &b->cli->arguments;
	uint64_t parameters = 0, bits = 32, streams = STREAMS;

	TRY(arguments_number(&parameters, a, "parameters", UINT64_C(1) << 50));
	if (arguments_value(a, "bits"))
		TRY(arguments_number(&bits, a, "bits", 32));
	if (arguments_value(a, "streams"))
		TRY(arguments_number(&streams, a, "streams", BENCH_MAX_STREAMS));
	if (streams == 0 || bits == 0)
		return cli_usage(b->cli, "--streams and --bits are at least 1");
	b->streams = (unsigned)streams;
	b->parameters = (double)parameters;
	b->weights = (double)parameters * (double)bits / 8;
	return OK;
}

enum err command_bench(struct cli *cli)
{
	struct bench b = {.cli = cli, .model = cli_word(cli, 0)};
	double warm_ms;

	TRY(read_options(&b));
	TRY(cli_client(&b.client, cli));
	TRY(measure_machine(&b));
	TRY(measure_first(&b, &warm_ms));
	TRY(measure_prefill(&b, warm_ms));
	TRY(measure_decode(&b, 1));
	return b.streams > 1 ? measure_decode(&b, b.streams) : OK;
}
