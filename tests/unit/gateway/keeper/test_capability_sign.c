/* SPDX-License-Identifier: Apache-2.0 */
/* A capability is signed for a capability.create and a token for a token.create, never crosswise.
 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/keeper/keeper.h"
#include "tests/unit/gateway/keeper/entries.h"

enum { EXPIRES = 2000000 };

static const struct rules_time now = {1000, INT64_C(1000) * 1000 * 1000};
static char path[] = "/tmp/sallyport-keeper-XXXXXX";
static int fd;
static struct keeper *keeper;

static int keeper_setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(path));
	assert_ok(file_open_directory(&fd, AT_FDCWD, path));
	assert_ok(keeper_create(fd, S("")));
	assert_ok(keeper_open(&keeper, fd, S("test/log")));
	return 0;
}

static int keeper_teardown(void **state)
{
	static const char *const files[] = {"journal", "lock", "keyring", "root.key"};

	(void)state;
	keeper_free(keeper);
	for (size_t i = 0; i < 4; i++)
		unlinkat(fd, files[i], 0);
	close(fd);
	rmdir(path);
	return 0;
}

/* An entry for credential zero, and the question for its signature. */
static struct wire_token_sign enter(const char *kind, const char *more, uint8_t flags)
{
	AUTO(buf_free) struct buf checkpoint = buf_new(WIRE_MAX_CHECKPOINT);
	struct wire_token_sign ask = {.expires_seconds = EXPIRES, .flags = flags};
	struct wire_log_append batch;
	struct wire_log_state_is log;
	struct entry entry;

	snprintf(entry.payload, sizeof entry.payload,
		 "{\"credential\":\"00000000-0000-0000-0000-000000000000\",\"expires\":%d%s}",
		 EXPIRES, more);
	entry_make(&entry, kind);
	keeper_log_state(keeper, &log);
	entry_batch(&batch, log.size, &entry);
	assert_ok(keeper_log_append(keeper, &batch, now, &checkpoint));
	memcpy(ask.event, entry.id, WIRE_ID);
	return ask;
}

static void a_capability_create_makes_a_capability(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(WIRE_MAX_TOKEN);
	struct wire_token_sign ask = enter("capability.create", "", TOKEN_CAPABILITY);
	struct keeper_facts facts;
	struct token token;

	(void)state;
	assert_ok(keeper_token_sign(keeper, &ask, now, &text));
	keeper_facts(keeper, &facts);
	assert_ok(token_verify(&token, buf_slice(&text), &facts.token_key, 1, EXPIRES - 1));
	assert_int_equal(token.flags, TOKEN_CAPABILITY);
	assert_err(keeper_token_sign(keeper, &ask, now, &text), ERR_CONFLICT);
}

static void neither_makes_the_other(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(WIRE_MAX_TOKEN);
	struct wire_token_sign wide = enter("capability.create", "", 0);
	struct wire_token_sign told = enter("capability.create", ",\"flags\":0", 0);
	struct wire_token_sign narrow = enter("token.create", ",\"flags\":1", TOKEN_CAPABILITY);
	struct wire_token_sign other = enter("person.add", "", 0);

	(void)state;
	assert_err(keeper_token_sign(keeper, &wide, now, &text), ERR_DENIED);
	assert_err(keeper_token_sign(keeper, &told, now, &text), ERR_DENIED);
	assert_err(keeper_token_sign(keeper, &narrow, now, &text), ERR_DENIED);
	assert_int_not_equal(keeper_token_sign(keeper, &other, now, &text), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capability_create_makes_a_capability),
		cmocka_unit_test(neither_makes_the_other),
	};

	return cmocka_run_group_tests(tests, keeper_setup, keeper_teardown);
}
