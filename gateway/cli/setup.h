/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup.h - makes a gateway out of nothing: folders, secrets, certificate, keys, database, the
 * first operator and the log's first entries. What `init` and `demo` share.
 *
 *     DIR/gateway.ini   settings; written last, so that its presence means "complete"
 *     DIR/tls/          ca.pem server.pem server.key (unless a certificate was given)
 *     DIR/secrets/      passwords of the database roles
 *     DIR/keeper/       made by sallyport-keeper, which alone ever holds a key
 *     DIR/store/ log/ run/
 */
#ifndef GATEWAY_CLI_SETUP_H
#define GATEWAY_CLI_SETUP_H

#include "gateway/cli/database.h"

enum { SETUP_MAX_HOSTS = 16, SETUP_OPERATOR_DAYS = 365 };

#define SETUP_OPERATOR "operator"

struct setup {
	const char *dir;          /* absolute */
	const char *listen;       /* address:port */
	const char *external_url; /* "https://localhost:8443" */
	struct database database;
	const char *hosts[SETUP_MAX_HOSTS]; /* more names for the certificate */
	size_t host_count;
	const char *certificate; /* both NULL: make them */
	const char *key;
	const char *escrow;      /* "age1..." or NULL */
	const uint8_t *approver; /* public key of the first approver, the operator; NULL: none */
	const char *more;        /* more lines for [gateway], each ended; or NULL */
};

struct setup_done {
	const char *config; /* path of gateway.ini */
	const char *ca;     /* path of the CA's certificate; NULL if one was given */
	const char *token;  /* the operator's first; secret */
	const char *code;   /* with which they set a password, once; secret */
	const char *log_vkey;
	const char *license_key; /* base64 of the public key */
	const char *person;      /* the operator's id */
};

/* Texts live in the arena. ERR_CONFLICT: there is a gateway in DIR, or in the database. A setup
 * that failed may be run again. */
RESULT setup_run(struct setup_done *out, struct arena *arena, const struct setup *s);

#endif
