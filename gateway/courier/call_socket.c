/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/call_socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum { SOCKET_WAIT_MS = 10 * 1000, SOCKET_PIECE = 32 * 1024 };

static enum err wait_for(int fd, short events)
{
	struct pollfd ready = {.fd = fd, .events = events};

	if (poll(&ready, 1, SOCKET_WAIT_MS) == 0)
		return failure(ERR_TIMEOUT, "whoever asked for the call stalls");
	return OK;
}

static bool may_go_on(void)
{
	return errno == EINTR || errno == EAGAIN;
}

enum err call_socket_read(struct buf *out, int fd, size_t size)
{
	while (out->size < size) {
		size_t left = size - out->size;
		uint8_t *room = buf_reserve(out, left < SOCKET_PIECE ? left : SOCKET_PIECE);
		ssize_t got;

		if (!room)
			return failure(ERR_LIMIT, "a call's body is too large");
		TRY(wait_for(fd, POLLIN));
		got = recv(fd, room, left < SOCKET_PIECE ? left : SOCKET_PIECE, MSG_DONTWAIT);
		if (got > 0)
			buf_commit(out, (size_t)got);
		else if (got == 0 || !may_go_on())
			return failure(ERR_CLOSED, "whoever asked for the call went");
	}
	return OK;
}

enum err call_socket_write(int fd, struct slice bytes)
{
	while (bytes.size) {
		ssize_t sent;

		TRY(wait_for(fd, POLLOUT));
		sent = send(fd, bytes.data, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0)
			bytes = slice_part(bytes, (size_t)sent, bytes.size);
		else if (!may_go_on())
			return failure(ERR_CLOSED, "whoever asked for the call went");
	}
	return OK;
}
