/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.h - the sockets strangers come by: one for each edge, all on the same port
 * (SO_REUSEPORT), so that the kernel deals connections out. The supervisor binds, an edge accepts.
 */
#ifndef GATEWAY_SUPERVISOR_LISTENER_H
#define GATEWAY_SUPERVISOR_LISTENER_H

#include "crypto/base/err.h"

enum { LISTENER_MAX = 16 };

struct listeners {
	unsigned count;
	int fds[LISTENER_MAX];
};

/* "127.0.0.1:8443", "[::1]:8443", "0.0.0.0:443": numeric only. Port 0: any free one. */
RESULT listeners_open(struct listeners *out, const char *address, unsigned count);
void listeners_close(struct listeners *l); /* fit for AUTO */

/* One of several whose edge has gone: the kernel deals it nothing more, and who waits there is
 * reset, to come again to another. A single one keeps who waits. */
void listeners_pause(const struct listeners *l, unsigned index);
RESULT listeners_resume(const struct listeners *l, unsigned index);

#endif
