/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/passes.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/digest.h"
#include "crypto/random.h"

/*   FREE --reserve--> MAKING --the engine has it--> READY --50 s, or another engine--> FREE
 *                        \--failed-----------------------------------------------------^      */
enum pass_state { PASS_FREE, PASS_MAKING, PASS_READY };

struct pass {
	enum pass_state state;
	struct digest about; /* of basis, license, person, model, right, slot */
	uint32_t generation; /* of the engine: another one has forgotten it */
	uint64_t number;
	int64_t expires_ms; /* monotonic */
};

struct passes {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a row left MAKING */
	struct pass rows[PASSES_ROWS];
};

struct passes *passes_new(void)
{
	struct passes *p = calloc(1, sizeof *p);

	assert(p);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	return p;
}

void passes_free(struct passes *p)
{
	if (!p)
		return;
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static struct digest about_of(const struct grant *g, unsigned slot)
{
	AUTO(buf_free) struct buf text = buf_new(4096);

	buf_write_block(&text, slice_of_string(decision_basis_name(g->decision.basis)));
	if (g->decision.basis == BASIS_LICENSE)
		buf_write(&text, slice_of(g->license->id, STORE_ID));
	buf_write(&text, slice_of(g->who->person.id, STORE_ID));
	buf_write_block(&text, g->access.model.name);
	buf_write_block(&text, slice_of_string(right_name(g->right)));
	buf_write_u32(&text, slot);
	return digest_of(buf_slice(&text));
}

/* Under the lock: the row about this, or a free one, or the READY one that ends first. */
static struct pass *row_for(struct passes *p, const struct digest *about)
{
	struct pass *best = NULL;

	for (size_t i = 0; i < PASSES_ROWS; i++) {
		struct pass *row = &p->rows[i];

		if (row->state != PASS_FREE && digest_equal(&row->about, about))
			return row;
		if (row->state == PASS_MAKING || (best && best->state == PASS_FREE))
			continue;
		if (!best || row->state == PASS_FREE || row->expires_ms < best->expires_ms)
			best = row;
	}
	assert(best); /* there are far fewer workers than rows */
	return best;
}

/* NULL: *out is one that others made. Else a row the caller is to fill. */
static struct pass *find_or_reserve(uint64_t *out, struct passes *p, const struct digest *about,
				    uint32_t generation)
{
	struct pass *row;

	pthread_mutex_lock(&p->lock);
	while ((row = row_for(p, about))->state == PASS_MAKING)
		pthread_cond_wait(&p->changed, &p->lock); /* its maker's calls have time-outs */
	if (row->state == PASS_READY && digest_equal(&row->about, about) &&
	    row->generation == generation && clock_monotonic_ms() < row->expires_ms) {
		*out = row->number;
		row = NULL;
	} else {
		*row = (struct pass){.state = PASS_MAKING, .about = *about};
	}
	pthread_mutex_unlock(&p->lock);
	return row;
}

static enum err log_pass(uint8_t event_id[WIRE_ID], struct route_context *context,
			 const struct grant *g, unsigned slot, uint64_t number)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_INFER_PASS,
			  g->who->authenticated ? g->who->person.id : NULL, g->who->person.name);
	audit_event_text(&event, "basis", slice_of_string(decision_basis_name(g->decision.basis)));
	if (g->decision.basis == BASIS_LICENSE)
		audit_event_uuid(&event, "license", g->license->id);
	audit_event_text(&event, "model", g->access.model.name);
	audit_event_text(&event, "revision", g->access.revision.id);
	audit_event_text(&event, "right", slice_of_string(right_name(g->right)));
	audit_event_text(&event, "role", S("engine"));
	audit_event_number(&event, "index", slot);
	audit_event_number(&event, "pass", (int64_t)number);
	TRY(api_log(context->store, &event));
	memcpy(event_id, event.id, WIRE_ID);
	return api_publish(context->api, event.id);
}

static enum err make(uint64_t *out, struct route_context *context, const struct grant *g,
		     unsigned slot)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_pass_issue ask = {
		.model = g->access.model.name,
		.right = slice_of_string(right_name(g->right)),
		.index = (uint8_t)slot,
	};

	random_bytes(&ask.pass, sizeof ask.pass);
	ask.pass >>= 11; /* it also stands in the log: JSON integers have 53 bits */
	TRY(log_pass(ask.event, context, g, slot, ask.pass));
	if (g->decision.basis == BASIS_LICENSE) {
		ask.license = g->license->document;
		memcpy(ask.signature, g->license->signature, WIRE_SIGNATURE);
	}
	wire_write_pass_issue(&body, &ask);
	TRY(buf_done(&body));
	*out = ask.pass;
	return api_ask_keeper(&reply, context->api, WIRE_PASS_ISSUE, buf_slice(&body));
}

enum err passes_get(uint64_t *out, struct route_context *context, const struct grant *grant,
		    unsigned slot)
{
	struct passes *p = context->api->passes;
	struct digest about = about_of(grant, slot);
	struct pass made = {
		.state = PASS_READY,
		.about = about,
		.generation = rpc_generation(context->api->rpc, ROLE_ENGINE, slot),
		.expires_ms = clock_monotonic_ms() + PASSES_USED_MS,
	};
	struct pass *row = find_or_reserve(out, p, &about, made.generation);
	enum err result;

	if (!row)
		return OK;
	result = make(out, context, grant, slot);
	made.number = *out;
	pthread_mutex_lock(&p->lock);
	if (result == OK)
		*row = made;
	else
		row->state = PASS_FREE;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return result;
}
