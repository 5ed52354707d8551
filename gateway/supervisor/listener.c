/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/supervisor/listener.h"

#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "crypto/base/file.h"
#include "crypto/base/slice.h"

enum { LISTENER_BACKLOG = 1024 };

static void free_addresses(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

/* "host:port" or "[host]:port" into two strings. */
static enum err split(const char *address, char host[64], char port[8])
{
	const char *colon = strrchr(address, ':');
	struct slice name;
	uint64_t number;

	if (!colon)
		return failure(ERR_FORMAT, "listen = \"%s\": address:port is expected", address);
	name = slice_of(address, (size_t)(colon - address));
	if (slice_starts_with(name, S("[")) && slice_ends_with(name, S("]")))
		name = slice_part(name, 1, name.size - 2);
	if (name.size == 0 || name.size >= 64 ||
	    !slice_to_u64(slice_of_string(colon + 1), 65535, &number))
		return failure(ERR_FORMAT, "listen = \"%s\": address:port is expected", address);
	snprintf(host, 64, "%.*s", SLICE_PRINT(name));
	snprintf(port, 8, "%u", (unsigned)number);
	return OK;
}

/* A fresh socket of that address, listening. */
static enum err open_one(int *out, const struct sockaddr *to, socklen_t size, bool is_shared,
			 const char *address)
{
	int one = 1;
	AUTO(file_close)
	int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
	    (is_shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0))
		return failure_errno("listen = \"%s\": no socket", address);
	if (to->sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, to, size) != 0)
		return failure_errno("listen = \"%s\": cannot bind (is another server running "
				     "there?)",
				     address);
	if (listen(fd, LISTENER_BACKLOG) != 0)
		return failure_errno("listen = \"%s\": cannot listen", address);
	*out = fd;
	fd = -1;
	return OK;
}

enum err listeners_open(struct listeners *out, const char *address, unsigned count)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				 .ai_socktype = SOCK_STREAM};
	AUTO(free_addresses) struct addrinfo *found = NULL;
	AUTO(listeners_close) struct listeners l = {0};
	struct sockaddr_storage bound;
	socklen_t size = sizeof bound;
	char host[64];
	char port[8];

	assert(count >= 1 && count <= LISTENER_MAX);
	TRY(split(address, host, port));
	if (getaddrinfo(host, port, &hints, &found) != 0 || !found)
		return failure(ERR_FORMAT, "listen = \"%s\": not a numeric address", address);
	TRY(open_one(&l.fds[0], found->ai_addr, found->ai_addrlen, count > 1, address));
	l.count = 1;
	/* The others where the first one is, also if that was any free port. */
	if (getsockname(l.fds[0], (struct sockaddr *)&bound, &size) != 0)
		return failure_errno("listen = \"%s\": where is it?", address);
	for (; l.count < count; l.count++)
		TRY(open_one(&l.fds[l.count], (struct sockaddr *)&bound, size, true, address));
	*out = l;
	l.count = 0; /* given away */
	return OK;
}

void listeners_close(struct listeners *l)
{
	for (unsigned i = 0; i < l->count; i++)
		file_close(&l->fds[i]);
	l->count = 0;
}

void listeners_pause(const struct listeners *l, unsigned index)
{
	if (l->count > 1)
		(void)shutdown(l->fds[index], SHUT_RDWR); /* it stays bound */
}

enum err listeners_resume(const struct listeners *l, unsigned index)
{
	if (l->count > 1 && listen(l->fds[index], LISTENER_BACKLOG) != 0)
		return failure_errno("cannot listen again");
	return OK;
}
