/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demo.h - what the steps of `sallyport demo` share. demo.c brings everything up and down;
 * demo_walk.c and demo_refusals.c walk through the main job; each step is a function of this type
 * and says what it did with demo_say.
 */
#ifndef GATEWAY_CLI_DEMO_H
#define GATEWAY_CLI_DEMO_H

#include <sys/types.h>

#include "crypto/jose_sign.h"
#include "crypto/sign.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/cluster.h"
#include "gateway/cli/setup.h"

enum { DEMO_MAX_SAID = 16 * 1024, DEMO_COLUMNS = 90 };

#define DEMO_MODEL "sallyport/storyteller"
#define DEMO_ISSUER "https://visas.demo.example"

enum demo_person { DEMO_ADMIN, DEMO_AUDITOR, DEMO_RESEARCHER, DEMO_STRANGER, DEMO_PERSONS };

struct demo {
	struct arena arena;
	const char *dir;   /* absolute */
	const char *model; /* directory to import */
	const char *terms; /* file */
	uint64_t port;
	const char *url;
	int lock;
	struct cluster *cluster;
	pid_t gateway;
	struct setup_done made;
	const char *escrow_path;
	struct client *operator;
	struct client *clients[DEMO_PERSONS];
	const char *tokens[DEMO_PERSONS];
	const char *codes[DEMO_PERSONS]; /* with which they sign in with a browser, once */
	struct jose_key *issuer;
	const char *revision;
	bool is_signed;            /* --signed: licenses need the admin's approver key */
	const char *approver_path; /* its file; NULL without --signed */
	struct sign_key *first_approver, *approver; /* the operator's, the admin's */
	const char *approver_id;                    /* of the enrolled key */
	struct sign_key *key;                       /* the researcher's */
	const char *key_id;
	const char *request;
	const char *license;
	const char *download_event; /* of the key.release of the download */
	struct buf said;
};

typedef enum err demo_step_fn(struct demo *d);

/* Add a line to what the running step says; too long a one is wrapped when it is shown. */
void demo_say(struct demo *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add text behind a label; what does not fit goes on below, as far to the right. */
void demo_say_below(struct demo *d, const char *label, struct slice text);

bool demo_is_interrupted(void); /* by SIGINT or SIGTERM */

extern const char *const demo_person_names[DEMO_PERSONS];

/* demo_approver.c: the admin's key as the first approver's, and what is signed with it. */
demo_step_fn demo_make_approver;
RESULT demo_sign_approval(json_t *body, struct demo *d);
RESULT demo_open_model(struct demo *d, const char *model); /* gate "no" */

/* demo_walk.c */
demo_step_fn demo_seal_model, demo_make_accounts, demo_present_credential, demo_request_access,
	demo_approve, demo_show_license, demo_download, demo_generate;
/* demo_refusals.c */
demo_step_fn demo_refuse_stranger, demo_refuse_token, demo_refuse_changed_file;
/* demo_log.c */
demo_step_fn demo_query_log, demo_verify_log, demo_verify_receipt;

#endif
