/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile.c - a process of the family whose loop was replaced by an attacker: it starts and
 * confines itself like the real one, says READY, and then makes one attempt.
 *
 *     sallyport-hostile-ROLE ATTEMPT SIBLING confined|free --config FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/proc/process.h"
#include "tests/hostile/attempts.h"

struct own_place {
	const char *name;
	unsigned rights;
};

/* What each role is granted below data_dir: the same as in its own main(). */
static struct own_place place_of(enum role role)
{
	switch (role) {
	case ROLE_KEEPER:
		return (struct own_place){"keeper", PATH_READ | PATH_WRITE};
	case ROLE_SCRIBE:
		return (struct own_place){"log", PATH_READ | PATH_WRITE};
	case ROLE_PORTER:
		return (struct own_place){"store", PATH_READ | PATH_WRITE};
	case ROLE_ENGINE:
		return (struct own_place){"store", PATH_READ};
	case ROLE_EDGE:
	case ROLE_COURIER:
	case ROLE_SUPERVISOR:
		break;
	}
	return (struct own_place){"log", PATH_READ};
}

static enum err confine(struct process *p)
{
	struct own_place place = place_of(process_role(p));
	AUTO(file_close) int directory = -1;

	TRY(process_open_directory(&directory, p, place.name));

	struct confine_path path = {directory, place.rights};

	return process_confine(p, &(struct confinement){&path, 1});
}

/* Attempts every role must still be able to make: the sandbox is not simply a wall. */
static bool use_own_place(const struct process *p)
{
	struct own_place place = place_of(process_role(p));
	char path[SETTINGS_MAX_TEXT + 32];
	AUTO(file_close) int directory = -1;

	if (!(place.rights & PATH_WRITE))
		return process_open_directory(&directory, p, place.name) == OK;
	snprintf(path, sizeof path, "%s/%s/mine", process_settings(p)->data_dir, place.name);
	return file_write_atomic(-1, path, S("x"), 0600) == OK;
}

static int wait_for_end(const struct process *p)
{
	struct channel_inbox *inbox = malloc(sizeof *inbox);
	struct frame frame;
	enum err result = inbox ? channel_receive(process_control(p), inbox, &frame,
						  CHANNEL_FOREVER)
				: ERR_INTERNAL;

	free(inbox);
	return result == ERR_CLOSED ? 0 : ATTEMPT_BROKEN;
}

static int make_attempt(const struct process *p, const char *name, const struct target *target)
{
	if (strcmp(name, "wait") == 0)
		return wait_for_end(p);
	if (strcmp(name, "use_own_place") == 0)
		return use_own_place(p) ? ATTEMPT_SUCCEEDED : ATTEMPT_DENIED;
	for (unsigned i = 0; i < attempt_count; i++)
		if (strcmp(attempts[i].name, name) == 0)
			return attempts[i].run(target) ? ATTEMPT_SUCCEEDED : ATTEMPT_DENIED;
	return ATTEMPT_UNKNOWN;
}

int main(int argc, char **argv)
{
	AUTO(process_auto) struct process *p = NULL;
	struct target target;
	uint64_t sibling;

	if (argc < 4 || !slice_to_u64(slice_of_string(argv[2]), INT32_MAX, &sibling))
		return ATTEMPT_UNKNOWN;
	if (process_start(&p, HOSTILE_ROLE, argc - 3, argv + 3) != OK ||
	    (strcmp(argv[3], "confined") == 0 && confine(p) != OK) || process_ready(p) != OK) {
		log_error("hostile.broken", "why=\"%s\"", failure_text());
		return ATTEMPT_BROKEN;
	}
	target = (struct target){process_settings(p)->data_dir, (pid_t)sibling};
	return make_attempt(p, argv[1], &target);
}
