/* SPDX-License-Identifier: Apache-2.0 */
/* call_socket.h - the bodies of a call, over a stream socket whose other end may stall or go. */
#ifndef GATEWAY_COURIER_CALL_SOCKET_H
#define GATEWAY_COURIER_CALL_SOCKET_H

#include "crypto/base/buf.h"

/* Exactly `size` bytes. ERR_CLOSED: it ended before; ERR_TIMEOUT: nothing came for ten seconds. */
RESULT call_socket_read(struct buf *out, int fd, size_t size);

/* ERR_CLOSED: nobody reads any more; ERR_TIMEOUT. */
RESULT call_socket_write(int fd, struct slice bytes);

#endif
