/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - the engine as the gateway sees it: open a model, submit texts, step, and hear what
 * was written. Single-threaded towards its caller (its compute threads are its own business): the
 * caller steps in a loop while there is work, and looks at its channels between two steps.
 */
#ifndef INFERENCE_ENGINE_H
#define INFERENCE_ENGINE_H

#include <stdatomic.h>

#include "crypto/base/buf.h"
#include "inference/adapter/places.h"
#include "inference/batch.h"
#include "inference/format/source.h"
#include "inference/guides.h"
#include "inference/kernel/compute.h"
#include "inference/model/model.h"
#include "inference/sampler.h"
#include "inference/tokenizer/tokenizer.h"

enum { ENGINE_ADAPTER_ID = PLACES_ID };

struct engine_options {
	size_t memory_budget_bytes;        /* for everything of the model; must be given */
	unsigned threads;                  /* compute threads, the caller's included; 0: 1 */
	size_t sequences;                  /* stepped at once; 0: 64 */
	size_t chunk;                      /* tokens of prompts a step; 0: BATCH_CHUNK */
	uint64_t secret;                   /* random; of this engine alone */
	bool is_plain;                     /* no guesses ahead */
	uint32_t context;                  /* a ceiling below the model's own; 0: the model's */
	size_t adapter_budget_bytes;       /* for all adapters, beside the model; 0: none */
	bool is_quick;                     /* to open: see engine_settle */
	const atomic_uint *lent;           /* threads that may load at a time, which may change
					    * meanwhile; 0 or NULL: all. engine_lend says it
					    * afterwards */
	bool strict;                       /* refuse memory that cannot be locked */
	enum model_quantize quantize;      /* what safetensors are to become */
	enum attend_type cache;            /* keys and values of decoders; encoders' are F32 */
	const struct operators *operators; /* NULL: operators_onednn */
};

enum {
	ENGINE_MAX_STOP_TOKENS = 16,
	ENGINE_MAX_ECHO = 96 << 10, /* bytes of text that a prompt of ids may stand for */
};

/* What stands in a prompt. */
enum engine_prompt {
	ENGINE_PROMPT_TEXT,   /* UTF-8, a stranger's: special tokens in it are plain text; may be
			       * empty where the tokenizer adds BOS */
	ENGINE_PROMPT_CHAT,   /* JSON of a conversation, which the model's template writes out */
	ENGINE_PROMPT_TOKENS, /* ids, four bytes each, big endian; special ones as any other */
};

enum engine_echo {
	ENGINE_ECHO_NONE,
	ENGINE_ECHO_TEXT,   /* the prompt's text comes first */
	ENGINE_ECHO_TOKENS, /* that, and then each of its tokens with its likelihood */
};

struct engine_request {
	struct slice prompt;
	enum engine_prompt prompt_kind;
	uint32_t max_prompt_tokens; /* refuse what a template makes more of; 0: any */
	bool is_bare;               /* text goes in as it stands: nothing (BOS) around it */
	uint32_t max_tokens;        /* 0: as many as the context holds */
	bool fits_context;          /* fewer than that, if the context holds no more */
	bool is_only_read;          /* nothing is written: needs an echo; max_tokens is ignored */
	enum engine_echo echo;
	bool is_fixed; /* bit for bit the same in any company; slower, for all in a step */
	struct sampler_settings sampling;
	const struct slice *stops;
	size_t stop_count;
	struct batch_owner owner; /* zeros: nobody */
	const uint8_t *adapter; /* ENGINE_ADAPTER_ID bytes, of one that is loaded; NULL: the base */
	const uint32_t *stop_tokens; /* end it as the end token does */
	size_t stop_token_count;
	struct guide_request guide; /* what it must look like */
	bool ignores_end;           /* the end token is one like any other */
	bool shows_special;         /* special tokens are written by their names */
	bool is_answer; /* the text stands by itself (chat): without the space that it begins with
			 */
};

/* ENGINE_CALLS: it stopped, and what it wrote has calls of tools. */
enum engine_finish { ENGINE_RUNNING, ENGINE_STOP, ENGINE_LENGTH, ENGINE_CANCELLED, ENGINE_CALLS };

/* What the text of an event is. A call's name comes whole, then its arguments in pieces (JSON). */
enum engine_part { ENGINE_PART_TEXT, ENGINE_PART_NAME, ENGINE_PART_ARGUMENTS };

struct engine_event {
	uint64_t id;
	struct slice text; /* new text, whole characters; may be empty */
	enum engine_part part;
	unsigned call;               /* of tools: which one, from 0 */
	const struct sample *sample; /* the token it came with; NULL in an event of cancellation,
				      * and in one with a prompt's text */
	size_t characters;           /* of text that begin in that token */
	enum engine_finish finish;   /* not ENGINE_RUNNING: the last event of this id */
	size_t prompt_tokens;
	size_t cached_tokens;     /* of those: need not be read, since their pages were kept */
	size_t completion_tokens; /* so far; the end token counts */
};

/* The event and what it points to are borrowed for the call. Not to be answered by a call into
 * the engine. */
typedef void engine_event_fn(void *context, const struct engine_event *event);

struct engine_facts {
	size_t vocabulary;
	size_t context;
	size_t layers;
	size_t memory_bytes;
	bool locked; /* false: say so in the log */
	uint64_t matmul_primitives;
	const char *operators;
	const char *chat_refusal; /* why chats are refused, or NULL */
};

struct engine;

/* Reads config.json, generation_config.json (if any), tokenizer.json and the weights; opens
 * nothing itself and keeps nothing of `files` after it returns. ERR_UNSUPPORTED: the text says
 * which key of which file it does not understand. */
RESULT engine_open(struct engine **out, struct model_files *files,
		   const struct engine_options *options);
void engine_close(struct engine *e); /* wipes; NULL is fine */
static inline void engine_auto(struct engine **e)
{
	engine_close(*e);
}

/* What engine_open would refuse, without reading a weight: is this model one that can be run? */
RESULT engine_check(struct model_files *files);

/* Memory of a model, before a weight of it is read: least, with a cache for one sequence of full
 * length; most, for all that run at once. engine_open takes what its budget gives between the two;
 * with less it fails. */
struct engine_need {
	size_t least_bytes;
	size_t most_bytes;
	uint32_t tasks; /* what it can be asked for: tasks.h */
};

/* By a config.json and the bytes of all safetensors (0: not known, and each weight is taken for
 * F32), at most a little too much; and by the files (which are checked as engine_check does). The
 * options' budget is not looked at. */
RESULT engine_size(struct engine_need *out, struct slice config, uint64_t stored_bytes,
		   const struct engine_options *options);
RESULT engine_measure(struct engine_need *out, struct model_files *files,
		      const struct engine_options *options);

/* `id` is the caller's, and not in use. ERR_LIMIT with counts if prompt and max_tokens do not fit
 * into the context; ERR_FORMAT for a setting out of range, or a guide that is none; ERR_UNAVAILABLE
 * if too many wait. */
RESULT engine_submit(struct engine *e, uint64_t id, const struct engine_request *request);

/* One forward pass for all; an event for each sequence that got a token. A failure is the
 * engine's end: close it. */
RESULT engine_step(struct engine *e, engine_event_fn *on_event, void *context);

/* Its last event, ENGINE_CANCELLED, comes from within this call. ERR_NOT_FOUND if it is over. */
RESULT engine_cancel(struct engine *e, uint64_t id, engine_event_fn *on_event, void *context);

struct engine_adapter {
	size_t memory_bytes;
	uint32_t rank; /* the largest */
	size_t products;
};

/* Reads the adapter of that id (the caller's), unless it is there: `files` are its own, and not
 * looked at then. Those that no sequence has make room, the least recently used first.
 * ERR_UNAVAILABLE: all are in use; else what adapter_open says of it. */
RESULT engine_adapter_load(struct engine *e, struct engine_adapter *out,
			   const uint8_t id[ENGINE_ADAPTER_ID], struct model_files *files);

/* Is it there? Then it is the one used last, from now on. */
bool engine_adapter_find(struct engine *e, struct engine_adapter *out,
			 const uint8_t id[ENGINE_ADAPTER_ID]);

/* Cancels its sequences (their last events come from within this call) and wipes it. */
void engine_adapter_drop(struct engine *e, const uint8_t id[ENGINE_ADAPTER_ID],
			 engine_event_fn *on_event, void *context);

/* The license has ended: what was kept of its prompts is wiped. */
void engine_forget_payer(struct engine *e, const uint8_t payer[FAIR_ID]);

/* Of that payer, waiting and running. */
size_t engine_sequences_of(const struct engine *e, const uint8_t payer[FAIR_ID]);
void engine_counts(const struct engine *e, struct batch_counts *out);

/* So many threads compute from the next step on (at most those it was opened with), on cores from
 * the `first` on. */
void engine_lend(struct engine *e, unsigned first, unsigned threads);

bool engine_is_idle(const struct engine *e);

/* One that was opened with `is_quick` has its weights in small pages, which are had sooner and read
 * more slowly: between two steps, and best while it is idle, some more of them become large ones,
 * in some milliseconds at most. False: all are. */
bool engine_settle(struct engine *e);
/* Append the token's own bytes, for logprobs: maybe part of a character; of <s> its name. */
void engine_write_token(const struct engine *e, uint32_t token, struct buf *out);

/* Ids of a prompt, into an empty list, as engine_submit would have them; and the text of ids,
 * special ones by their names. ERR_FORMAT: not UTF-8, or an id that there is not; ERR_LIMIT. */
RESULT engine_tokenize(const struct engine *e, struct token_list *out, enum engine_prompt kind,
		       struct slice prompt, bool is_bare);
struct slice engine_token_name(const struct engine *e, uint32_t token); /* as in its vocabulary */
RESULT engine_detokenize(const struct engine *e, struct buf *out, const uint32_t *ids,
			 size_t count);
RESULT engine_count_tokens(const struct engine *e, size_t *out, struct slice prompt);
void engine_facts(const struct engine *e, struct engine_facts *out);

#endif
