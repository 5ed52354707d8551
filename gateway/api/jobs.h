/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.h - what is to be done from time to time without being asked for: JOBS is the list. Each
 * edge has one thread for it, with a connection of its own; of several edges one does the work
 * (schema/store/turn.h), and another takes over when it goes.
 *
 * A job is one or more transactions of its own, short ones: it holds up the others. It may be run
 * twice, or late, and by an edge that has just taken over; so it looks in the database for what is
 * due, and leaves there what it has done. Its entries have no actor: the gateway itself acts.
 */
#ifndef GATEWAY_API_JOBS_H
#define GATEWAY_API_JOBS_H

#include "gateway/api/api.h"

/* The arena is emptied after each run. A failure is logged (job.failed), and the job is run again
 * when it is due next. */
typedef enum err job_fn(struct route_context *context, struct arena *arena, int64_t now_ms);

/* clang-format off */
#define JOBS(X) \
	/* function          period, seconds */ \
	X(job_notices,       1)    /* who is to be told, and telling them: notices.c */ \
	X(job_notice_sweep,  3600) /* what was told a month ago */ \
	X(job_quota,         30)   /* what dead edges have reserved: quota.h */ \
	X(job_sweep,         3600) /* files that no revision holds: seal.h */ \
	X(job_jwks,          10)   /* keys of issuers that are due: jwks.h */ \
	X(job_audit_catch_up, 1)   /* what auditors can look for: audit/catch_up.c */ \
	X(job_audit_room,    5)    /* room on the disks of the log: audit/room.c */ \
	X(job_license_status, 1) /* the signed lists of states: license_status.c */ \
	X(job_license_departed, 2) /* whose holders left their institution: license_jobs.c */ \
	X(job_license_reminders, 10) /* that end soon: license_jobs.c */ \
	X(job_terms,         5)    /* new ones that count, old ones past their grace: model_terms.c */ \
	X(job_criteria,      1)    /* staged ones whose day has come: criteria/steps.c */ \
	X(job_recall_duties, 5) /* of who got a file late: license_jobs.c */ \
	X(job_erasures,      2)    /* what was confirmed to be erased: erasure/erase_step.h */ \
	X(job_retention,     10)   /* what has been kept long enough: erasure/erase_step.h */ \
	X(job_witnesses,     1)    /* cosignatures of the newest checkpoint: witness/witnesses.h */ \
	X(job_request_clock, 5)    /* requests that wait too long: request_clock.h */
/* clang-format on */

#define JOB_DECLARE(function, period) job_fn function;
JOBS(JOB_DECLARE)
#undef JOB_DECLARE

struct job {
	const char *name;
	int period_seconds;
	job_fn *run;
};

/* The list above. */
const struct job *jobs_table(size_t *count);

struct jobs;

/* Starts the thread, after the sandbox. The context is taken over. */
RESULT jobs_start(struct jobs **out, struct route_context *context, const struct job *table,
		  size_t count);

/* Ends it, once the job that runs has returned. NULL is fine. */
void jobs_stop(struct jobs *j);

#endif
