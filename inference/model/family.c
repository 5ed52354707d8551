/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/family.h"

static const struct family *const families[] = {
	&family_llama, &family_mistral, &family_qwen2, &family_qwen3,
	&family_gpt2,  &family_bloom,   &family_bert,  &family_t5,
};

const struct family *family_find(const char *model_type)
{
	for (size_t i = 0; i < FAMILY_ROWS(families); i++)
		if (strcmp(families[i]->name, model_type) == 0)
			return families[i];
	return NULL;
}

const char *const family_ignored_keys[] = {
	"model_type", /* it led here */
	"_name_or_path", "_attn_implementation_autoset", "_num_labels", "torch_dtype", "dtype",
	"transformers_version", "unsloth_version", "unsloth_fixed", "use_cache",
	/* training */
	"attention_dropout", "hidden_dropout", "hidden_dropout_prob",
	"attention_probs_dropout_prob", "classifier_dropout", "dropout_rate", "attn_pdrop",
	"embd_pdrop", "resid_pdrop", "initializer_range", "initializer_factor",
	"gradient_checkpointing", "pretraining_tp", "problem_type", "label2id", "finetuning_task",
	/* tokens that the engine does not need to know */
	"pad_token_id", "unk_token_id", "sep_token_id", "cls_token_id",
	/* defaults of sampling, which a request gives */
	"max_sequence_length", "max_length", "min_length", "return_dict", "num_return_sequences",
	"num_beams", "num_beam_groups", "temperature", "top_k", "top_p", "typical_p", "do_sample",
	"repetition_penalty", "length_penalty", "early_stopping", "no_repeat_ngram_size", "prefix",
	"task_specific_params", "chunk_size_feed_forward", "is_llama_config", "output_past", NULL};
