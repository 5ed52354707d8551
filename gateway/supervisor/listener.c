/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/supervisor/listener.h"

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

enum err listener_open(int *out, const char *address)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				 .ai_socktype = SOCK_STREAM};
	AUTO(free_addresses) struct addrinfo *found = NULL;
	char host[64];
	char port[8];
	int one = 1;

	TRY(split(address, host, port));
	if (getaddrinfo(host, port, &hints, &found) != 0 || !found)
		return failure(ERR_FORMAT, "listen = \"%s\": not a numeric address", address);

	AUTO(file_close)
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0)
		return failure_errno("listen = \"%s\": no socket", address);
	if (found->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, found->ai_addr, found->ai_addrlen) != 0)
		return failure_errno("listen = \"%s\": cannot bind (is another server running "
				     "there?)",
				     address);
	if (listen(fd, LISTENER_BACKLOG) != 0)
		return failure_errno("listen = \"%s\": cannot listen", address);
	*out = fd;
	fd = -1;
	return OK;
}
