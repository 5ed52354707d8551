/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys begin with the architecture's name ("llama.block_count"); those of other names describe the
 * file ("general."), the vocabulary ("tokenizer.") or how it was made ("quantize.").
 *
 * What a config.json says and a GGUF file does not follows from its tensors, as in llama.cpp: the
 * size of the vocabulary, whether the head is tied, biases, a gate. BERT's GELU is the exact one
 * and T5's distances end at 128, as in the published models.
 */
#include "inference/model/config_gguf.h"

#include <math.h>
#include <stdio.h>

#include "inference/model/gguf_names.h"

enum { KEY_SIZE = GGUF_MAX_KEY + 32 };

struct reading {
	const struct gguf *g;
	const struct gguf_family *names;
	struct config *c;
	char key[KEY_SIZE]; /* the one asked for last */
};

static enum err not_run(const struct gguf *g, const char *key)
{
	char shown[84] = "";

	for (size_t i = 0; i < gguf_key_count(g); i++)
		if (strcmp(gguf_key_at(g, i), key) == 0)
			gguf_show_at(g, i, shown);
	return failure(ERR_UNSUPPORTED, "%s: \"%s\" is %s, which this engine does not run",
		       gguf_name(g), key, shown);
}

/* "llama." and the rest, in r->key; NULL if the file has no such key. */
static const char *key_of(struct reading *r, const char *rest)
{
	snprintf(r->key, sizeof r->key, "%s.%s", r->names->architecture, rest);
	return gguf_has(r->g, r->key) ? r->key : NULL;
}

static enum err read_size(struct reading *r, const char *key, uint32_t max, uint32_t *out)
{
	struct gguf_array list;

	if (gguf_get_array(r->g, key, &list) == OK) /* one for each layer */
		return not_run(r->g, key);
	TRY(gguf_get_u32(r->g, key, out));
	if (*out == 0 || *out > max)
		return failure(ERR_LIMIT, "%s: \"%s\" is %u, not within 1 to %u", gguf_name(r->g),
			       key, *out, max);
	return OK;
}

static enum err read_real(struct reading *r, const char *key, float *out)
{
	TRY(gguf_get_f32(r->g, key, out));
	if (*out <= 0)
		return failure(ERR_FORMAT, "%s: \"%s\" is not above 0", gguf_name(r->g), key);
	return OK;
}

static const struct family_key *find_key(const struct gguf_family *names, const char *rest)
{
	for (size_t i = 0; i < names->key_count; i++)
		if (strcmp(names->keys[i].name, rest) == 0)
			return &names->keys[i];
	return NULL;
}

static enum err read_key(struct reading *r, size_t i)
{
	const char *name = gguf_key_at(r->g, i);
	const char *rest = name + strlen(r->names->architecture) + 1;
	const struct family_key *key = find_key(r->names, rest);
	void *member = key ? (char *)r->c + key->offset : NULL;

	if (!key)
		return gguf_is_empty_at(r->g, i) ? OK : not_run(r->g, name);
	if (key->kind == FAMILY_KEY_SIZE)
		return read_size(r, name, key->max, member);
	if (key->kind == FAMILY_KEY_REAL)
		return read_real(r, name, member);
	return OK; /* read apart, or not at all */
}

static enum err read_keys(struct reading *r)
{
	static const char *const required[] = {"context_length", "embedding_length",
					       "feed_forward_length", "block_count",
					       "attention.head_count"};
	char own[32];

	snprintf(own, sizeof own, "%s.", r->names->architecture);
	for (size_t i = 0; i < FAMILY_ROWS(required); i++)
		if (!key_of(r, required[i]))
			return failure(ERR_FORMAT, "%s: \"%s\" is missing", gguf_name(r->g),
				       r->key);
	for (size_t i = 0; i < gguf_key_count(r->g); i++)
		if (slice_starts_with(slice_of_string(gguf_key_at(r->g, i)), slice_of_string(own)))
			TRY(read_key(r, i));
	return OK;
}

/* A key that must say what is known already. */
static enum err must_be(struct reading *r, const char *rest, uint32_t expected)
{
	const char *key = key_of(r, rest);
	uint32_t value;

	if (!key)
		return OK;
	TRY(gguf_get_u32(r->g, key, &value));
	return value == expected ? OK : not_run(r->g, key);
}

static enum err read_rope(struct reading *r)
{
	struct slice type = S("none");
	float theta, factor = 0;

	r->c->rope_factors = gguf_find_tensor(r->g, "rope_freqs.weight") != NULL;
	if (key_of(r, "rope.freq_base")) {
		TRY(read_real(r, r->key, &theta));
		r->c->rope_theta = theta;
	}
	if (key_of(r, "rope.scale_linear"))
		TRY(read_real(r, r->key, &factor));
	if (key_of(r, "rope.scaling.factor"))
		TRY(gguf_get_f32(r->g, r->key, &factor));
	if (key_of(r, "rope.scaling.type"))
		TRY(gguf_get_text(r->g, r->key, &type));
	else if (factor > 0)
		type = S("linear"); /* as llama.cpp takes it */
	if (slice_equal(type, S("none")))
		return OK;
	if (!slice_equal(type, S("linear")))
		return not_run(r->g, r->key);
	if (factor <= 0)
		return failure(ERR_FORMAT, "%s: the factor of \"rope.scaling\" is not above 0",
			       gguf_name(r->g));
	r->c->rope = CONFIG_ROPE_LINEAR;
	r->c->rope_factor = factor;
	return OK;
}

/* What follows from tensors. */
static enum err read_tensors(struct reading *r)
{
	const struct tensor *embedding = gguf_find_tensor(r->g, "token_embd.weight");
	const struct tensor *types = gguf_find_tensor(r->g, "token_types.weight");
	struct config *c = r->c;

	if (!embedding || embedding->rank != 2)
		return failure(ERR_FORMAT,
			       "%s: tensor \"token_embd.weight\" is missing or no "
			       "matrix",
			       gguf_name(r->g));
	if (embedding->shape[0] == 0 || embedding->shape[0] > CONFIG_MAX_VOCABULARY)
		return failure(ERR_LIMIT, "%s: a vocabulary of %llu, not within 1 to %d",
			       gguf_name(r->g), (unsigned long long)embedding->shape[0],
			       CONFIG_MAX_VOCABULARY);
	c->vocabulary = (uint32_t)embedding->shape[0];
	c->tied = gguf_find_tensor(r->g, "output.weight") == NULL;
	c->attention_bias = gguf_find_tensor(r->g, "blk.0.attn_q.bias") != NULL;
	c->mlp_bias = gguf_find_tensor(r->g, "blk.0.ffn_up.bias") != NULL;
	if (types && types->rank == 2 && types->shape[0] <= CONFIG_MAX_VOCABULARY)
		c->segments = (uint32_t)types->shape[0];
	return OK;
}

/* T5: with a gate (1.1 and later) GELU, approximated; without one (1.0) ReLU, and a tied head is
 * scaled. */
static enum err read_t5(struct reading *r)
{
	struct config *c = r->c;

	c->gated = gguf_find_tensor(r->g, "dec.blk.0.ffn_gate.weight") != NULL;
	c->activation = c->gated ? CONFIG_GELU_TANH : CONFIG_RELU;
	c->logits_scaled = c->tied && !c->gated;
	if (!key_of(r, "decoder_start_token_id"))
		return OK;
	TRY(gguf_get_u32(r->g, r->key, &c->decoder_start));
	return c->decoder_start < c->vocabulary ? OK : not_run(r->g, r->key);
}

static enum err read_token(struct reading *r, const char *key, uint32_t *out)
{
	TRY(gguf_get_u32(r->g, key, out));
	if (*out >= r->c->vocabulary)
		return failure(ERR_FORMAT, "%s: \"%s\" is %u, the vocabulary has %u",
			       gguf_name(r->g), key, *out, r->c->vocabulary);
	return OK;
}

/* End of text, of a turn, of a message: each ends an answer. */
static enum err read_ends(struct reading *r)
{
	static const char *const ends[] = {"tokenizer.ggml.eos_token_id",
					   "tokenizer.ggml.eot_token_id",
					   "tokenizer.ggml.eom_token_id"};
	struct config *c = r->c;

	c->has_bos = gguf_has(r->g, "tokenizer.ggml.bos_token_id");
	if (c->has_bos)
		TRY(read_token(r, "tokenizer.ggml.bos_token_id", &c->bos));
	for (size_t i = 0; i < FAMILY_ROWS(ends); i++)
		if (gguf_has(r->g, ends[i]))
			TRY(read_token(r, ends[i], &c->eos[c->eos_count++]));
	return OK;
}

static enum err check_causal(struct reading *r)
{
	bool causal = false;

	if (key_of(r, "attention.causal"))
		TRY(gguf_get_bool(r->g, r->key, &causal));
	return causal ? not_run(r->g, r->key) : OK;
}

static enum err check_kind(const struct gguf *g)
{
	struct slice type;
	uint32_t parts;

	if (gguf_has(g, "general.type")) {
		TRY(gguf_get_text(g, "general.type", &type));
		if (!slice_equal(type, S("model")))
			return not_run(g, "general.type");
	}
	if (!gguf_has(g, "split.count"))
		return OK;
	TRY(gguf_get_u32(g, "split.count", &parts));
	return parts <= 1 ? OK : not_run(g, "split.count");
}

static enum err find_names(const struct gguf_family **out, const struct gguf *g)
{
	struct slice architecture;

	TRY(gguf_get_text(g, "general.architecture", &architecture));
	*out = gguf_family_find(architecture);
	return *out ? OK : not_run(g, "general.architecture");
}

enum err config_of_gguf(struct config *out, const struct gguf *g)
{
	const struct gguf_family *names;
	struct reading r = {.g = g, .c = out};

	TRY(check_kind(g));
	TRY(find_names(&names, g));
	r.names = names;
	*out = names->family->defaults;
	out->family = names->family;
	out->is_gguf = true;
	out->head_size = 0;
	TRY(read_keys(&r));
	TRY(read_tensors(&r));
	TRY(config_fit(out, gguf_name(g)));
	TRY(must_be(&r, "attention.value_length", out->head_size));
	TRY(must_be(&r, "vocab_size", out->vocabulary));
	TRY(must_be(&r, "rope.dimension_count", out->head_size));
	if (names->family->positions == FAMILY_POSITIONS_ROTARY)
		TRY(read_rope(&r));
	if (names->family == &family_t5)
		TRY(read_t5(&r));
	TRY(check_causal(&r));
	return read_ends(&r);
}
