/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/supervisor/notify.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"

static void tell_manager(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(path);
	AUTO(file_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);

	if (fd < 0 || size >= sizeof address.sun_path)
		return;
	memcpy(address.sun_path, path, size);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* an abstract name */
	if (sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (const struct sockaddr *)&address, length) < 0)
		log_warn("notify.failed", "socket=%s", path);
}

void notify_ready(int ready_fd)
{
	const char *manager = getenv("NOTIFY_SOCKET");

	if (ready_fd >= 0 && file_write_all(ready_fd, S("READY=1\n")) != OK)
		log_warn("notify.failed", "why=\"%s\"", failure_text());
	file_close(&ready_fd);
	if (manager && manager[0])
		tell_manager(manager);
}
