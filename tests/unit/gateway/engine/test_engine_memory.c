/* SPDX-License-Identifier: Apache-2.0 */
/* The real sallyport-engine, given 117 MB of weights in a sealed file: what it takes to load them,
 * and what is left when they cannot be loaded. */
#include "tests/unit/gateway/engine/scene.h"

#include "schema/wire/engine.h"
#include "schema/wire/engine_read.h"
#include "schema/wire/keeper.h"

enum {
	WIDTH = 1024,
	WIDE = 8192,
	TOKENS = 512,
	MEBI = 1 << 20,
	BESIDE_MIB = 64,
	MOST = 160 << 20,
};

#define CONFIG \
	"{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\",\"hidden_size\":1024," \
	"\"intermediate_size\":8192,\"num_hidden_layers\":1,\"num_attention_heads\":8," \
	"\"num_key_value_heads\":8,\"vocab_size\":512,\"max_position_embeddings\":128," \
	"\"rms_norm_eps\":1e-05,\"hidden_act\":\"silu\",\"tie_word_embeddings\":true," \
	"\"bos_token_id\":1,\"eos_token_id\":2}"

/* All numbers are zero. */
static void put_weights(struct buf *out)
{
	static const struct {
		const char *name;
		size_t rows, columns;
	} list[] = {
		{"model.embed_tokens", TOKENS, WIDTH},
		{"model.layers.0.self_attn.q_proj", WIDTH, WIDTH},
		{"model.layers.0.self_attn.k_proj", WIDTH, WIDTH},
		{"model.layers.0.self_attn.v_proj", WIDTH, WIDTH},
		{"model.layers.0.self_attn.o_proj", WIDTH, WIDTH},
		{"model.layers.0.mlp.gate_proj", WIDE, WIDTH},
		{"model.layers.0.mlp.up_proj", WIDE, WIDTH},
		{"model.layers.0.mlp.down_proj", WIDTH, WIDE},
		{"model.layers.0.input_layernorm", WIDTH, 0},
		{"model.layers.0.post_attention_layernorm", WIDTH, 0},
		{"model.norm", WIDTH, 0},
	};
	char head[4096] = "{", shape[48];
	size_t at = 0, used = 1;
	uint64_t size;

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		size_t bytes = list[i].rows * (list[i].columns ? list[i].columns : 1) * 4;

		snprintf(shape, sizeof shape, list[i].columns ? "%zu,%zu" : "%zu", list[i].rows,
			 list[i].columns);
		used += (size_t)snprintf(head + used, sizeof head - used,
					 "%s\"%s.weight\":{\"dtype\":\"F32\",\"shape\":[%s],"
					 "\"data_offsets\":[%zu,%zu]}",
					 i ? "," : "", list[i].name, shape, at, at + bytes);
		at += bytes;
	}
	head[used++] = '}';
	size = used;
	buf_write(out, slice_of(&size, sizeof size));
	buf_write(out, slice_of(head, used));
	memset(buf_reserve(out, at), 0, at);
	buf_commit(out, at);
}

static bool put_files(struct scene *s)
{
	AUTO(buf_free) struct buf weights = buf_new(MOST);
	AUTO(buf_free) struct buf tokenizer = buf_new(8 << 20);
	const char *root = getenv("SALLYPORT_SHARED");
	char path[400];

	snprintf(path, sizeof path, "%s/data/models/stories260K/tokenizer.json", root ? root : "");
	if (!root || access(path, R_OK) != 0)
		return false;
	assert_ok(file_read(&tokenizer, AT_FDCWD, path));
	put_weights(&weights);
	child_directory(&s->child, "store");
	snprintf(path, sizeof path, "%s/store/tmp", s->child.path);
	assert_int_equal(mkdir(path, 0700), 0);
	seal(s, 0, slice_of_string(CONFIG));
	seal(s, 1, buf_slice(&tokenizer));
	seal(s, 2, buf_slice(&weights));
	child_own(&s->child, "store");
	return true;
}

static int scene_new(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	*state = s;
	child_prepare(&s->child, ROLE_ENGINE);
	if (!put_files(s))
		return 0;
	scene_start(s);
	return 0;
}

static void ask_load(struct scene *s)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_load load = {.model = S("m"), .revision = S("r"), .count = FILES};

	wire_write_engine_serves(&body,
				 &(struct wire_engine_serves){.model = S("m"), .revision = S("r")});
	child_send(&s->keeper, WIRE_ENGINE_SERVES, 0, &body, -1);
	for (uint8_t i = 0; i < FILES; i++) {
		buf_reset(&body);
		wire_write_handle_key(&body, &(struct wire_handle_key){.handle = i, .key = {i, 9}});
		child_send(&s->keeper, WIRE_HANDLE_KEY, 0, &body, -1);
		load.files[i] = (struct wire_engine_file){.path = slice_of_string(names[i]),
							  .size = s->sizes[i],
							  .blob = {i},
							  .handle = i};
	}
	buf_reset(&body);
	wire_write_engine_load(&body, &load);
	child_send(&s->edge, WIRE_ENGINE_LOAD, 1, &body, -1);
}

/* Of /proc/PID/status, in MiB. */
static size_t memory_of(const struct scene *s, const char *name)
{
	char path[64], line[256];
	size_t found = 0;
	FILE *status;

	snprintf(path, sizeof path, "/proc/%d/status", (int)s->child.pid);
	status = fopen(path, "re");
	assert_non_null(status);
	while (fgets(line, sizeof line, status))
		if (strncmp(line, name, strlen(name)) == 0)
			found = strtoul(line + strlen(name) + 1, NULL, 10) / 1024;
	fclose(status);
	return found;
}

static void loading_takes_little_beside_what_stays(void **state)
{
	struct scene *s = *state;
	struct frame frame;
	size_t stays, most;

	skip_without_model(s);
	ask_load(s);
	child_expect(&s->child, &s->edge, WIRE_ENGINE_LOADED, &frame);
	stays = memory_of(s, "VmRSS");
	most = memory_of(s, "VmHWM");
	assert_true(stays >= s->sizes[2] / MEBI);
	assert_in_range(most, stays, stays + BESIDE_MIB);
}

static void a_damaged_chunk_in_the_middle_is_named_and_nothing_stays(void **state)
{
	struct scene *s = *state;
	struct frame frame;
	struct wire_fail fail;
	char path[128], why[FAILURE_MAX_TEXT];
	size_t before;
	int fd;

	skip_without_model(s);
	snprintf(path, sizeof path, "%s/store/02/02000000000000000000000000000000", s->child.path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 40 * MEBI), 1);
	close(fd);
	before = memory_of(s, "VmLck");
	ask_load(s);
	frame = child_receive(&s->child, &s->edge);
	assert_string_equal(wire_name(frame.type), "FAIL");
	assert_ok(wire_read_fail(&fail, frame.body));
	assert_string_equal(err_name(fail.kind), "forged");
	snprintf(why, sizeof why, "%.*s", SLICE_PRINT(fail.text));
	assert_non_null(strstr(why, "tensor \"model.layers.0.mlp.gate_proj.weight\""));
	assert_non_null(strstr(why, "file \"model.safetensors\""));
	assert_int_equal(memory_of(s, "VmLck"), before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(loading_takes_little_beside_what_stays),
		TEST(a_damaged_chunk_in_the_middle_is_named_and_nothing_stays),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
