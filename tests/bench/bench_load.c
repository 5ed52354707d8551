/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load.c - `bench_load FOLDER FILE THREADS`: the milliseconds that llama.cpp, whose library
 * is in FOLDER, takes from a plain file, which it reads and does not map, to the first token. The
 * other half of bench_load.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/conformance/llama_cpp/library.h"

enum { CONTEXT = 1024, TOKEN = 17 };

static double milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static enum err first_token(struct library *library, char **words)
{
	struct library_session *session = NULL;
	double begun = milliseconds(), loaded;
	enum err result = library_session_read(&session, library, words[2], 1, CONTEXT,
					       (int32_t)strtol(words[3], NULL, 10));

	loaded = milliseconds();
	if (result == OK)
		result = library_session_step(session, TOKEN, 1, 0, false);
	if (result == OK)
		printf("{\"load_ms\":%.0f,\"first_token_ms\":%.0f}\n", loaded - begun,
		       milliseconds() - begun);
	library_session_close(session);
	return result;
}

int main(int count, char **words)
{
	struct library *library;

	if (count != 4)
		return 2;
	if (library_open(&library, words[1]) == OK && first_token(library, words) == OK)
		return 0;
	fprintf(stderr, "%s\n", failure_text());
	return 1;
}
