/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "policy/pickle.h"

static void names_that_say_pickle_are_known(void **state)
{
	static const char *const named[] = {"model.pt",
					    "a/b.PTH",
					    "last.ckpt",
					    "vocab.pkl",
					    "x.pickle",
					    "pytorch_model.bin",
					    "deep/pytorch_model-00001-of-00002.bin"};
	static const char *const others[] = {"model.safetensors",
					     "weights.bin",
					     "pt",
					     ".pt",
					     "a.pt/b",
					     "model.pt.json",
					     "pytorch_model.bin.index.json"};

	(void)state;
	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		if (!pickle_is_named(slice_of_string(named[i])))
			fail_msg("%s", named[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (pickle_is_named(slice_of_string(others[i])))
			fail_msg("%s", others[i]);
}

/* As torch.save writes them today, and as it did before 1.6; pickle.dumps of protocols 2 to 5. */
static void contents_are_known_under_any_name(void **state)
{
	const struct slice pickles[] = {
		S("PK\x03\x04\0\0\x08\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\x12\0"
		  "archive/data.pkl"),
		S("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19."),
		S("\x80\x02}q\0."),
		S("\x80\x03"
		  "cposix\nsystem\n"),
		S("\x80\x04\x95\x0b\0\0\0\0\0\0\0]\x94(K\x01K\x02"),
		S("\x80\x05\x95\x05\0\0\0\0\0\0\0K\x01."),
	};
	const struct slice others[] = {
		S(""),
		S("\x80"),
		S("\x80\x04"),
		S("\x80\x06}"),
		S("\x80\x04\0"),
		S("{\"a\":1}"),
		S("GGUF\x03\0\0\0"),
		S("PK\x03\x04"),
		S("PK\x03\x04\0\0\x08\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\x12\0"
		  "archive/data.pk"),
		S("PK\x03\x04\0\0\x08\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x12\0"
		  "data.npy"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof pickles / sizeof *pickles; i++)
		if (!pickle_begins(pickles[i]))
			fail_msg("pickle %zu", i);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (pickle_begins(others[i]))
			fail_msg("other %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_say_pickle_are_known),
		cmocka_unit_test(contents_are_known_under_any_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
