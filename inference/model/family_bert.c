/* SPDX-License-Identifier: Apache-2.0 */
/* BERT (Devlin et al., 2019): an encoder, whose norms stand behind the blocks. */
#include "inference/model/family.h"
#include "inference/model/model.h"

/* clang-format off */
static const struct family_key keys[] = {
	FAMILY_COMMON_KEYS,
	{"hidden_size",             FAMILY_KEY_SIZE, FAMILY_MEMBER(hidden_size), CONFIG_MAX_WIDTH, NULL},
	{"intermediate_size",       FAMILY_KEY_SIZE, FAMILY_MEMBER(intermediate_size), CONFIG_MAX_WIDTH, NULL},
	{"num_hidden_layers",       FAMILY_KEY_SIZE, FAMILY_MEMBER(encoder_layers), CONFIG_MAX_LAYERS, NULL},
	{"num_attention_heads",     FAMILY_KEY_SIZE, FAMILY_MEMBER(heads), CONFIG_MAX_HEADS, NULL},
	{"max_position_embeddings", FAMILY_KEY_SIZE, FAMILY_MEMBER(context), CONFIG_MAX_CONTEXT, NULL},
	{"type_vocab_size",         FAMILY_KEY_SIZE, FAMILY_MEMBER(segments), CONFIG_MAX_VOCABULARY, NULL},
	{"layer_norm_eps",          FAMILY_KEY_REAL, FAMILY_MEMBER(norm_epsilon), 0, NULL},
	{"hidden_act",              FAMILY_KEY_ACTIVATION, FAMILY_MEMBER(activation), 0, NULL},
	{"position_embedding_type", FAMILY_KEY_TEXT, 0, 0, "absolute"},
	{"directionality",          FAMILY_KEY_TEXT, 0, 0, "bidi"},
	{"pooler_fc_size",          FAMILY_KEY_IGNORED, 0, 0, NULL}, /* of another program */
	{"pooler_num_attention_heads", FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"pooler_num_fc_layers",    FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"pooler_size_per_head",    FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"pooler_type",             FAMILY_KEY_IGNORED, 0, 0, NULL},
};

static const char *const required[] = {
	"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
	"vocab_size", "max_position_embeddings", NULL,
};

#define OUTER(member) offsetof(struct model, member)
static const struct family_slot outer_slots[] = {
	{"bert.embeddings.word_embeddings.weight",       OUTER(embedding),             FAMILY_VOCABULARY, FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"bert.embeddings.position_embeddings.weight",   OUTER(positions),             FAMILY_CONTEXT,    FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"bert.embeddings.token_type_embeddings.weight", OUTER(segments),              FAMILY_SEGMENTS,   FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"bert.embeddings.LayerNorm.weight",             OUTER(embedding_norm.weight), FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"bert.embeddings.LayerNorm.bias",               OUTER(embedding_norm.bias),   FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"bert.pooler.dense.weight",                     OUTER(pooler.weight),         FAMILY_HIDDEN,     FAMILY_HIDDEN, FAMILY_IF_THERE, FAMILY_PLAIN},
	{"bert.pooler.dense.bias",                       OUTER(pooler.bias),           FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_IF_THERE, FAMILY_PLAIN},
	{"cls.predictions.transform.dense.weight",       OUTER(transform.weight),      FAMILY_HIDDEN,     FAMILY_HIDDEN, FAMILY_IF_MASKED, FAMILY_PLAIN},
	{"cls.predictions.transform.dense.bias",         OUTER(transform.bias),        FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_IF_MASKED, FAMILY_PLAIN},
	{"cls.predictions.transform.LayerNorm.weight",   OUTER(transform_norm.weight), FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_IF_MASKED, FAMILY_PLAIN},
	{"cls.predictions.transform.LayerNorm.bias",     OUTER(transform_norm.bias),   FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_IF_MASKED, FAMILY_PLAIN},
	{"cls.predictions.bias",                         OUTER(head.bias),             FAMILY_VOCABULARY, FAMILY_NONE,   FAMILY_IF_MASKED, FAMILY_PLAIN},
	{"cls.predictions.decoder.weight",               OUTER(head.weight),           FAMILY_VOCABULARY, FAMILY_HIDDEN, FAMILY_IF_UNTIED, FAMILY_PLAIN},
	{"classifier.weight",                            OUTER(classifier.weight),     FAMILY_LABELS,     FAMILY_HIDDEN, FAMILY_IF_CLASSES, FAMILY_PLAIN},
	{"classifier.bias",                              OUTER(classifier.bias),       FAMILY_LABELS,     FAMILY_NONE,   FAMILY_IF_CLASSES, FAMILY_PLAIN},
};

#define LAYER(member) offsetof(struct model_layer, member)
static const struct family_slot layer_slots[] = {
	{"attention.self.query.weight",       LAYER(q.weight),              FAMILY_HEADS,  FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attention.self.query.bias",         LAYER(q.bias),                FAMILY_HEADS,  FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attention.self.key.weight",         LAYER(k.weight),              FAMILY_KV,     FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attention.self.key.bias",           LAYER(k.bias),                FAMILY_KV,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attention.self.value.weight",       LAYER(v.weight),              FAMILY_KV,     FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attention.self.value.bias",         LAYER(v.bias),                FAMILY_KV,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attention.output.dense.weight",     LAYER(o.weight),              FAMILY_HIDDEN, FAMILY_HEADS,  FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attention.output.dense.bias",       LAYER(o.bias),                FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attention.output.LayerNorm.weight", LAYER(attention_norm.weight), FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attention.output.LayerNorm.bias",   LAYER(attention_norm.bias),   FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"intermediate.dense.weight",         LAYER(up.weight),             FAMILY_MLP,    FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"intermediate.dense.bias",           LAYER(up.bias),               FAMILY_MLP,    FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"output.dense.weight",               LAYER(down.weight),           FAMILY_HIDDEN, FAMILY_MLP,    FAMILY_ALWAYS, FAMILY_PLAIN},
	{"output.dense.bias",                 LAYER(down.bias),             FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"output.LayerNorm.weight",           LAYER(mlp_norm.weight),       FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"output.LayerNorm.bias",             LAYER(mlp_norm.bias),         FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
};
/* clang-format on */

/* Numbers of positions; the head of the second task of its training; twins of tied tensors. */
static const char *const needless[] = {".position_ids", "cls.seq_relationship.weight",
				       "cls.seq_relationship.bias", "cls.predictions.decoder.bias",
				       NULL};

const struct family family_bert = {
	.name = "bert",
	.norm = FAMILY_NORM_LAYER,
	.positions = FAMILY_POSITIONS_LEARNED,
	.norm_after = true,
	.keys = keys,
	.key_count = FAMILY_ROWS(keys),
	.required = required,
	.defaults = {.segments = 2,
		     .norm_epsilon = 1e-12f,
		     .activation = CONFIG_GELU,
		     .tied = true,
		     .head = CONFIG_HEAD_NONE},
	.base = "bert.",
	.outer = {"", outer_slots, FAMILY_ROWS(outer_slots)},
	.encoder = {"bert.encoder.layer.%u.", layer_slots, FAMILY_ROWS(layer_slots)},
	.needless = needless,
};
