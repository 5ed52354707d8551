/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_certificate.h - what a connection's client has proved with a certificate. It is read once,
 * when the handshake has verified it, and belongs to the connection: never to a person. Of the
 * subject only the organizations are kept.
 */
#ifndef GATEWAY_EDGE_CLIENT_CERTIFICATE_H
#define GATEWAY_EDGE_CLIENT_CERTIFICATE_H

#include <openssl/types.h>
#include <stdint.h>

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum {
	CLIENT_CERTIFICATE_SHA256 = 32,
	CLIENT_CERTIFICATE_ISSUERS = 8,         /* the longest chain that is accepted */
	CLIENT_CERTIFICATE_ORGANIZATIONS = 512, /* bytes; one that has more counts as none */
	CLIENT_AUTHORITIES = 64,
};

struct client_certificate {
	uint8_t sha256[CLIENT_CERTIFICATE_SHA256];
	/* Of the authorities of the chain that was verified, the nearest first. */
	uint8_t issuers[CLIENT_CERTIFICATE_ISSUERS][CLIENT_CERTIFICATE_SHA256];
	size_t issuer_count;
	int64_t until_seconds; /* the first end of any certificate of the chain */
	char organizations[CLIENT_CERTIFICATE_ORGANIZATIONS]; /* O of the subject, a line each */
	size_t organizations_size;
};

/* The authorities of a PEM file, by fingerprint. */
struct client_authorities {
	uint8_t sha256[CLIENT_AUTHORITIES][CLIENT_CERTIFICATE_SHA256];
	size_t count;
};

/* From now on `ssl` asks its clients for certificates of these authorities; who has none is served
 * as before. *out tells which they are. ERR_FORMAT: none or no PEM; ERR_LIMIT: too many. */
RESULT client_authorities_use(struct client_authorities *out, SSL_CTX *ssl, struct slice pem);

/* The same without a context: what main.c tells the routes. */
RESULT client_authorities_read(struct client_authorities *out, struct slice pem);

bool client_authorities_have(const struct client_authorities *a, struct slice sha256);

/* After the handshake. False: the client showed none. */
bool client_certificate_take(struct client_certificate *out, SSL *ssl);

#endif
