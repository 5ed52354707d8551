/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
#include "gateway/proc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "schema/wire/control.h"

enum {
	CHANNEL_BUFFER = 1024 * 1024, /* asked for; the kernel may give less */
	CHANNEL_SEEN_FDS = 4,         /* room to count, and close, more than the one allowed */
};

union control {
	char bytes[CMSG_SPACE(CHANNEL_SEEN_FDS * sizeof(int))];
	struct cmsghdr align;
};

enum err channel_pair(int out[2])
{
	int size = CHANNEL_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) != 0)
		return failure_errno("channel: no socket pair");
	for (unsigned i = 0; i < 2; i++)
		if (setsockopt(out[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) != 0)
			return failure_errno("channel: no send buffer");
	return OK;
}

/* OK once the descriptor is ready for `events`; hang-ups count as ready. */
static enum err wait_for(int fd, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int64_t left = deadline < 0 ? -1 : deadline - clock_monotonic_ms();
		int ready = poll(&p, 1, left < 0 && deadline >= 0 ? 0 : (int)left);

		if (ready > 0)
			return OK;
		if (ready == 0)
			return failure(ERR_TIMEOUT, "channel: the peer took too long");
		if (errno != EINTR)
			return failure_errno("channel: cannot wait");
	}
}

static void attach(struct msghdr *message, union control *room, int fd)
{
	struct cmsghdr *header;

	if (fd < 0)
		return;
	message->msg_control = room->bytes;
	message->msg_controllen = CMSG_SPACE(sizeof fd);
	header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
}

static enum err send_packet(int fd, const struct msghdr *message, int wait_ms)
{
	int64_t deadline = wait_ms ? clock_monotonic_ms() + wait_ms : 0;

	while (sendmsg(fd, message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno == EPIPE || errno == ECONNRESET || errno == EBADF)
			return failure(ERR_CLOSED, "channel: the peer is gone");
		if (errno == EMSGSIZE)
			return failure(ERR_LIMIT, "channel: the frame is larger than the buffer");
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return failure_errno("channel: cannot send");
		if (wait_ms == 0)
			return failure(ERR_TIMEOUT, "channel: the peer does not read");
		TRY(wait_for(fd, POLLOUT, deadline));
	}
	return OK;
}

static enum err send_frame(const struct channel *c, enum wire_type type, uint32_t call,
			   struct slice body, int fd, int wait_ms)
{
	uint8_t header[WIRE_FRAME_HEADER];
	struct iovec parts[2] = {{header, sizeof header},
				 {(void *)(uintptr_t)body.data, body.size}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	union control room = {0};

	if (c->fd < 0)
		return failure(ERR_CLOSED, "channel: the %s is away", role_name(c->peer));
	if (wire_check(c->self, c->peer, type, body.size, fd >= 0) != OK)
		return body.size > wire_ceiling(type) ? ERR_LIMIT : ERR_INTERNAL;
	frame_write_header(header, (uint16_t)type, call);
	attach(&message, &room, fd);
	return send_packet(c->fd, &message, wait_ms);
}

enum err channel_send(const struct channel *c, enum wire_type type, uint32_t call,
		      struct slice body, int fd)
{
	return send_frame(c, type, call, body, fd, CHANNEL_SEND_MS);
}

enum err channel_send_now(const struct channel *c, enum wire_type type, uint32_t call,
			  struct slice body)
{
	return send_frame(c, type, call, body, -1, 0);
}

/* The first `limit` bytes, or fewer: never half a character. */
static struct slice clip(struct slice text, size_t limit)
{
	text = slice_part(text, 0, limit);
	while (text.size && !slice_is_utf8(text))
		text.size--;
	return text;
}

enum err channel_send_fail(const struct channel *c, uint32_t call, enum err kind, const char *code)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_fail fail = {
		.kind = kind == OK ? ERR_INTERNAL : kind,
		.code = clip(slice_of_string(code), WIRE_MAX_CODE),
		.text = clip(slice_of_string(failure_text()), WIRE_MAX_TEXT),
	};

	wire_write_fail(&body, &fail);
	TRY(buf_done(&body));
	return channel_send(c, WIRE_FAIL, call, buf_slice(&body), -1);
}

/* Takes what descriptors came along; more than one, or a cut list, is more than any row has. */
static unsigned take_fds(struct msghdr *message, int *out)
{
	unsigned count = message->msg_flags & MSG_CTRUNC ? 2 : 0;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(message); h; h = CMSG_NXTHDR(message, h)) {
		size_t bytes = h->cmsg_len - CMSG_LEN(0);

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
			file_close(out);
			memcpy(out, CMSG_DATA(h) + at, sizeof(int));
			count++;
		}
	}
	return count;
}

static enum err check_packet(const struct channel *c, struct slice packet, unsigned fds, bool cut,
			     struct frame *out)
{
	TRY(frame_read(out, packet));
	if (cut)
		return failure(ERR_FORMAT, "frame: more than %d bytes", WIRE_MAX_FRAME);
	return wire_check(c->peer, c->self, out->type, out->body.size, fds);
}

enum err channel_receive(const struct channel *c, struct channel_inbox *inbox, struct frame *out,
			 int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? -1 : clock_monotonic_ms() + timeout_ms;
	int waiting = timeout_ms < 0 ? 0 : MSG_DONTWAIT; /* forever is the kernel's own */
	struct iovec part = {inbox->bytes, sizeof inbox->bytes};
	union control room = {0};
	struct msghdr message;
	ssize_t got;
	int fd = -1;
	unsigned fds;

	for (;;) {
		message = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
		message.msg_control = room.bytes;
		message.msg_controllen = sizeof room.bytes;
		got = recvmsg(c->fd, &message, waiting | MSG_CMSG_CLOEXEC);
		if (got >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
		if (errno == EAGAIN && timeout_ms == 0)
			return failure(ERR_TIMEOUT, "channel: there is nothing");
		TRY(wait_for(c->fd, POLLIN, deadline));
	}
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return failure(ERR_CLOSED, "channel: the %s is gone", role_name(c->peer));
	if (got < 0)
		return failure_errno("channel: cannot receive");

	fds = take_fds(&message, &fd);
	enum err result = check_packet(c, slice_of(inbox->bytes, (size_t)got), fds,
				       message.msg_flags & MSG_TRUNC, out);
	if (result != OK) {
		file_close(&fd);
		return result;
	}
	out->fd = fd;
	return OK;
}

enum err channel_duplicate(struct channel *out, const struct channel *c)
{
	*out = *c;
	out->fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);
	if (out->fd < 0)
		return failure_errno("channel: cannot duplicate");
	return OK;
}

void channel_close(struct channel *c)
{
	file_close(&c->fd);
	c->fd = -1;
}
