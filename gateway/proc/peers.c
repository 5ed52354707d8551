/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/proc/peers.h"

#include "schema/wire/control.h"

void peers_init(struct peers *p, enum role self)
{
	*p = (struct peers){.self = self};
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned i = 0; i < ROLE_MAX_INDEX; i++)
			p->table[role][i].channel = (struct channel){
				.fd = -1, .self = self, .peer = (enum role)role, .index = i};
}

void peers_clear(struct peers *p)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned i = 0; i < ROLE_MAX_INDEX; i++)
			channel_close(&p->table[role][i].channel);
}

enum err peers_apply(struct peers *p, const struct frame *frame, struct peer **out)
{
	struct wire_peer who;

	TRY(wire_read_peer(&who, frame->body));
	if (!wire_may_speak(p->self, who.role))
		return failure(ERR_DENIED, "peer: %s and %s have nothing to say to each other",
			       role_name(p->self), role_name(who.role));
	*out = &p->table[who.role][who.index];
	channel_close(&(*out)->channel);
	if (frame->type != WIRE_PEER)
		return OK;
	(*out)->channel.fd = frame->fd;
	(*out)->generation++;
	return OK;
}

struct peer *peers_find(struct peers *p, enum role role, unsigned index)
{
	struct peer *peer;

	if (!role_is_known(role) || index >= ROLE_MAX_INDEX)
		return NULL;
	peer = &p->table[role][index];
	return peer->channel.fd >= 0 ? peer : NULL;
}
