/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - how every process of the family starts.
 *
 *     process_start     settings read, log started, control channel on fd 3, everything else
 *                       that was inherited closed
 *     (the role)        opens what it needs: directories, certificates, passwords
 *     process_confine   privileges dropped, empty network where the role has none, Landlock,
 *                       seccomp; from here on nothing new can be opened but what was granted
 *     process_ready     READY to the supervisor; PEERs follow (loop.h or rpc.h)
 *
 * Only after process_confine may the first foreign byte be read. Until then there is one
 * thread: Landlock binds the calling thread and those it starts.
 */
#ifndef GATEWAY_PROC_PROCESS_H
#define GATEWAY_PROC_PROCESS_H

#include "gateway/proc/channel.h"
#include "gateway/proc/settings.h"

struct process;

enum { PROCESS_CONTROL_FD = 3 };

/* argv: --config FILE [--index N], as the supervisor passes it. */
RESULT process_start(struct process **out, enum role role, int argc, char **argv);
void process_free(struct process *p); /* fit for AUTO as process_auto */

const struct settings *process_settings(const struct process *p); /* lives as long as p */
enum role process_role(const struct process *p);
unsigned process_index(const struct process *p);
const struct channel *process_control(const struct process *p);

/* Opens data_dir/name ("keeper", "store", "log", ...) before the sandbox; the caller owns it. */
RESULT process_open_directory(int *out, const struct process *p, const char *name);

enum path_right {
	PATH_READ = 1,  /* open files below it for reading, list directories */
	PATH_WRITE = 2, /* create, write, rename and remove below it, too */
	PATH_FILE = 4,  /* it is itself a file, to be read */
};

struct confine_path {
	int directory; /* open (or a file: O_PATH); may be closed after process_confine */
	unsigned rights;
};

struct confinement {
	const struct confine_path *paths;
	size_t count;
};

/* Irreversible. With `strict` every part must hold, else a part that the kernel does not offer
 * is a warning in the log. */
RESULT process_confine(struct process *p, const struct confinement *c);

RESULT process_ready(struct process *p);

/* This peer broke the message table: the supervisor ends it and starts it anew, with fresh
 * channels for all. For whoever has closed the channel. */
void process_refuse(const struct process *p, const struct channel *peer);

/* The edge, once, before rpc_start: the listening socket the supervisor bound; the caller owns
 * it. It is the first thing on the control channel. */
RESULT process_take_listener(int *out, struct process *p);

AUTO_POINTER(process)

#endif
