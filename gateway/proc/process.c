/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* close_range, getopt_long */
#include "gateway/proc/process.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/proc/landlock.h"
#include "gateway/proc/privilege.h"
#include "gateway/proc/sandbox.h"
#include "schema/wire/control.h"

enum { PROCESS_LISTENER_MS = 10000 };

struct process {
	struct settings settings;
	struct channel control;
	enum role role;
	unsigned index;
	pid_t parent;
};

static enum err read_arguments(struct process *p, const char **config, int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
						{"index", required_argument, NULL, 'i'},
						{0}};
	uint64_t index = 0;
	int letter;

	*config = NULL;
	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'c')
			*config = optarg;
		else if (letter != 'i' ||
			 !slice_to_u64(slice_of_string(optarg), ROLE_MAX_INDEX - 1, &index))
			return failure(ERR_FORMAT, "usage: --config FILE [--index N]");
	}
	if (!*config || optind != argc)
		return failure(ERR_FORMAT, "usage: --config FILE [--index N]");
	p->index = (unsigned)index;
	return OK;
}

/* Standard descriptors and the control channel stay; whatever else came along goes. */
static enum err keep_control_only(void)
{
	int type = 0;
	socklen_t size = sizeof type;

	if (getsockopt(PROCESS_CONTROL_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
	    type != SOCK_SEQPACKET)
		return failure(ERR_FORMAT,
			       "no control channel on descriptor %d: sallyportd starts "
			       "this program, not a person",
			       PROCESS_CONTROL_FD);
	if (fcntl(PROCESS_CONTROL_FD, F_SETFD, FD_CLOEXEC) != 0)
		return failure_errno("control channel: cannot be kept");
	if (close_range(PROCESS_CONTROL_FD + 1, ~0U, 0) != 0)
		return failure_errno("inherited descriptors cannot be closed");
	return OK;
}

/* Signals of a terminal are the supervisor's to act on; a full pipe or file is an error code. */
static void ignore_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static void name_log(const struct process *p)
{
	char who[32];

	if (p->role == ROLE_PORTER || p->role == ROLE_ENGINE ||
	    (p->role == ROLE_EDGE && p->settings.edges > 1))
		snprintf(who, sizeof who, "%s.%u", role_name(p->role), p->index);
	else
		snprintf(who, sizeof who, "%s", role_name(p->role));
	log_start(who, settings_log_level(&p->settings));
}

enum err process_start(struct process **out, enum role role, int argc, char **argv)
{
	AUTO(process_auto) struct process *p = calloc(1, sizeof *p);
	const char *config;

	if (!p)
		return failure(ERR_INTERNAL, "no memory");
	p->role = role;
	p->control = (struct channel){
		.fd = PROCESS_CONTROL_FD, .self = role, .peer = ROLE_SUPERVISOR, .index = 0};
	p->parent = getppid();
	log_start(role_name(role), LOG_LEVEL_INFO);
	ignore_signals();
	TRY(read_arguments(p, &config, argc, argv));
	TRY(keep_control_only());
	TRY(privilege_harden());
	TRY(settings_read(&p->settings, config));
	name_log(p);
	*out = p;
	p = NULL;
	return OK;
}

void process_free(struct process *p)
{
	if (!p)
		return;
	channel_close(&p->control);
	free(p);
}

const struct settings *process_settings(const struct process *p)
{
	return &p->settings;
}

enum role process_role(const struct process *p)
{
	return p->role;
}

unsigned process_index(const struct process *p)
{
	return p->index;
}

const struct channel *process_control(const struct process *p)
{
	return &p->control;
}

enum err process_open_directory(int *out, const struct process *p, const char *name)
{
	char path[SETTINGS_MAX_TEXT + 64];

	snprintf(path, sizeof path, "%s/%s", p->settings.data_dir, name);
	*out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*out < 0)
		return failure_errno("directory \"%s\": cannot open", path);
	return OK;
}

/* A part of the sandbox that the kernel does not offer: fatal if strict, else a warning. Every
 * other failure is fatal always. */
static enum err tolerate(const struct process *p, const char *part, enum err result)
{
	if (result != ERR_UNSUPPORTED || p->settings.strict)
		return result;
	log_warn("sandbox.partial", "part=%s why=\"%s\"", part, failure_text());
	return OK;
}

/* Dying with the supervisor is forgotten by the kernel when the user changes: asked for last. */
static enum err die_with_parent(const struct process *p)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		return failure_errno("privileges: cannot ask to die with the supervisor");
	if (getppid() != p->parent)
		return failure(ERR_CLOSED, "the supervisor is gone");
	return OK;
}

enum err process_confine(struct process *p, const struct confinement *c)
{
	bool database = p->role == ROLE_EDGE || p->role == ROLE_SCRIBE;
	bool out = p->role == ROLE_COURIER &&
		   (p->settings.courier_allow[0] || p->settings.mail_server[0]);
	bool inet = (database && settings_database_is_remote(&p->settings)) || out;
	int port = out ? LANDLOCK_ANY_PORT : inet ? (int)p->settings.database_port : 0;

	/* A database behind a socket file is reached from an empty network just as well. */
	if (!inet)
		TRY(tolerate(p, "network", privilege_isolate()));
	TRY(privilege_drop(&p->settings, p->role));
	TRY(die_with_parent(p));
	if (privilege_holds_keys(p->role))
		TRY(tolerate(p, "memlock", privilege_check_locked_memory()));
	TRY(tolerate(p, "landlock", landlock_restrict(c, port)));
	return sandbox_restrict(p->role, inet);
}

enum err process_ready(struct process *p)
{
	return channel_send(&p->control, WIRE_READY, 0, slice_of(NULL, 0), -1);
}

void process_refuse(const struct process *p, const struct channel *peer)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	struct wire_peer who = {.role = peer->peer, .index = (uint8_t)peer->index};

	wire_write_peer(&body, &who);
	if (channel_send(&p->control, WIRE_PEER_REFUSED, 0, buf_slice(&body), -1) != OK)
		log_warn("peer.kept", "role=%s index=%u why=\"%s\"", role_name(peer->peer),
			 peer->index, failure_text());
}

enum err process_take_listener(int *out, struct process *p)
{
	struct channel_inbox *inbox = malloc(sizeof *inbox);
	struct frame frame = {.fd = -1};
	enum err result;

	if (!inbox)
		return failure(ERR_INTERNAL, "no memory");
	result = channel_receive(&p->control, inbox, &frame, PROCESS_LISTENER_MS);
	free(inbox);
	TRY(result);
	if (frame.type == WIRE_LISTENER) {
		*out = frame.fd;
		return OK;
	}
	file_close(&frame.fd);
	if (frame.type == WIRE_STOP)
		return failure(ERR_CLOSED, "stopped before the listener came");
	return failure(ERR_DENIED, "control channel: %s came before LISTENER",
		       wire_name(frame.type));
}
