/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - TLS 1.3 and 1.2 over a non-blocking socket, by OpenSSL. What is written is encrypted
 * into a buffer and leaves with tls_flush(), so that many 16 KiB records go out in one send():
 * that is a third of the cost of a download. The buffer is lent by the context, warm, from the
 * first write to the flush; what the socket does not take is then kept in just as much memory.
 * Nothing here ever blocks. A context and all made from it belong to one thread.
 */
#ifndef GATEWAY_EDGE_TLS_H
#define GATEWAY_EDGE_TLS_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"
#include "gateway/edge/client_certificate.h"

struct tls_context;
struct tls;

enum tls_result {
	TLS_OK,
	TLS_AGAIN,  /* the socket is not ready for it */
	TLS_CLOSED, /* the peer closed, or broke the protocol: nothing more will come */
};

enum { TLS_GATHER = 256 * 1024 }; /* flush when about this much is pending */

/* Both PEM. ERR_FORMAT if they cannot be read or do not belong together. */
RESULT tls_context_new(struct tls_context **out, struct slice certificate, struct slice key);

/* Ask every client for a certificate of these authorities (PEM); one that shows none is served as
 * before, one that shows a bad one is told so by an alert. No session is resumed any more. */
RESULT tls_context_ask(struct tls_context *context, struct slice authorities);
void tls_context_free(struct tls_context *context);
AUTO_POINTER(tls_context)

struct tls *tls_new(struct tls_context *context, int fd); /* borrows fd; NULL if it fails */
void tls_free(struct tls *tls);

enum tls_result tls_handshake(struct tls *tls);
bool tls_is_h2(const struct tls *tls); /* after it: the protocol agreed on is HTTP/2 */
/* The same: what the client showed; lives as long as tls. NULL: nothing, or no TLS (tests). */
const struct client_certificate *tls_client_certificate(const struct tls *tls);
enum tls_result tls_read(struct tls *tls, void *out, size_t size, size_t *got);
bool tls_has_input(const struct tls *tls); /* taken from the socket, not yet read */
enum tls_result tls_write(struct tls *tls, struct slice bytes); /* into the buffer: all or CLOSED */
void tls_finish(struct tls *tls);                               /* close_notify, into the buffer */

size_t tls_pending(const struct tls *tls);                /* encrypted, not yet sent */
enum tls_result tls_flush(struct tls *tls, size_t *sent); /* OK: nothing is pending any more */

#endif
