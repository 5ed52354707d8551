/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/tls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "crypto/base/buf.h"

enum { PENDING_MAX = 1024 * 1024, RECORD = 16 * 1024 };

struct tls_context {
	SSL_CTX *ssl;
	BIO_METHOD *method;
	struct buf scratch; /* lent to the connection that writes now */
	bool is_lent;
	bool asks; /* its clients for certificates */
};

struct tls {
	struct tls_context *context;
	SSL *ssl;
	int fd;
	uint8_t *rest; /* what the socket did not take; exactly so large */
	size_t rest_size, rest_sent;
	struct buf fresh; /* gathered behind it since the last flush */
	size_t fresh_sent;
	bool has_borrowed;                      /* fresh is the context's */
	struct client_certificate *certificate; /* of the client; NULL: it showed none */
};

size_t tls_pending(const struct tls *tls)
{
	return tls->rest_size - tls->rest_sent + tls->fresh.size - tls->fresh_sent;
}

static void borrow(struct tls *tls)
{
	if (tls->fresh.data || tls->context->is_lent)
		return;
	tls->fresh = tls->context->scratch;
	tls->context->is_lent = tls->has_borrowed = true;
}

static void drop_fresh(struct tls *tls)
{
	if (tls->has_borrowed) {
		buf_reset(&tls->fresh);
		tls->context->scratch = tls->fresh;
		tls->context->is_lent = tls->has_borrowed = false;
		tls->fresh = buf_new(PENDING_MAX);
	} else {
		buf_free(&tls->fresh);
	}
	tls->fresh_sent = 0;
}

static void drop_rest(struct tls *tls)
{
	free(tls->rest);
	tls->rest = NULL;
	tls->rest_size = tls->rest_sent = 0;
}

/* What OpenSSL writes is gathered. A peer that makes us write without reading (key updates)
 * meets the ceiling, and with it the end of the connection. */
static int bio_write(BIO *bio, const char *data, int size)
{
	struct tls *tls = BIO_get_data(bio);

	borrow(tls);
	if (tls_pending(tls) + (size_t)size > PENDING_MAX)
		return -1;
	buf_write(&tls->fresh, slice_of(data, (size_t)size));
	return tls->fresh.overflow ? -1 : size;
}

static int bio_read(BIO *bio, char *out, int size)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	do {
		n = recv(tls->fd, out, (size_t)size, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		BIO_set_retry_read(bio);
	return (int)n;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return command == BIO_CTRL_FLUSH;
}

/* A client that offers protocols, but none of ours, is told so. One that offers none gets
 * HTTP/1.1. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
			   const unsigned char *offered, unsigned offered_size, void *context)
{
	static const unsigned char ours[] = "\x02h2\x08http/1.1";
	unsigned char *chosen;

	(void)ssl, (void)context;
	if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, offered,
				  offered_size) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* Never ask a terminal for the password of a key. */
static int no_password(char *out, int size, int writing, void *context)
{
	(void)out, (void)size, (void)writing, (void)context;
	return 0;
}

static enum err use_certificate(SSL_CTX *ssl, struct slice pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
	bool good = leaf && SSL_CTX_use_certificate(ssl, leaf) == 1;
	X509 *next = NULL;

	while (good && (next = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
		good = SSL_CTX_add0_chain_cert(ssl, next) == 1;
	X509_free(leaf);
	BIO_free(bio);
	ERR_clear_error(); /* the end of the PEM text counts as an error there */
	if (!good)
		return failure(ERR_FORMAT, "tls: the certificate is not a PEM certificate chain");
	return OK;
}

static enum err use_key(SSL_CTX *ssl, struct slice pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
	bool good = key && SSL_CTX_use_PrivateKey(ssl, key) == 1 &&
		    SSL_CTX_check_private_key(ssl) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	if (!good)
		return failure(ERR_FORMAT, "tls: the key is not a PEM private key without "
					   "password that belongs to the certificate");
	return OK;
}

static bool configure(SSL_CTX *ssl)
{
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ssl, 1);
	SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
	return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_num_tickets(ssl, 1) == 1 &&
	       SSL_CTX_set_ciphersuites(ssl, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
					     "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
	       SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	       SSL_CTX_set_session_id_context(ssl, (const unsigned char *)"edge", 4) == 1;
}

static BIO_METHOD *method_new(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "gather");

	if (method && BIO_meth_set_write(method, bio_write) == 1 &&
	    BIO_meth_set_read(method, bio_read) == 1 && BIO_meth_set_ctrl(method, bio_control) == 1)
		return method;
	BIO_meth_free(method);
	return NULL;
}

enum err tls_context_new(struct tls_context **out, struct slice certificate, struct slice key)
{
	AUTO(tls_context_auto) struct tls_context *context = calloc(1, sizeof *context);

	if (!context || certificate.size > INT32_MAX || key.size > INT32_MAX)
		return failure(ERR_LIMIT, "tls: the certificate or key is too large");
	context->ssl = SSL_CTX_new(TLS_server_method());
	context->method = method_new();
	context->scratch = buf_new(PENDING_MAX);
	if (!context->ssl || !context->method || !configure(context->ssl))
		return failure(ERR_INTERNAL, "tls: OpenSSL refuses its configuration");
	TRY(use_certificate(context->ssl, certificate));
	TRY(use_key(context->ssl, key));
	*out = context;
	context = NULL; /* given away */
	return OK;
}

enum err tls_context_ask(struct tls_context *context, struct slice authorities)
{
	struct client_authorities known;

	TRY(client_authorities_use(&known, context->ssl, authorities));
	context->asks = true;
	return OK;
}

void tls_context_free(struct tls_context *context)
{
	if (!context)
		return;
	SSL_CTX_free(context->ssl);
	BIO_meth_free(context->method);
	buf_free(&context->scratch);
	free(context);
}

struct tls *tls_new(struct tls_context *context, int fd)
{
	struct tls *tls = calloc(1, sizeof *tls);
	BIO *bio = BIO_new(context->method);

	if (!tls || !bio || (tls->ssl = SSL_new(context->ssl)) == NULL) {
		BIO_free(bio);
		free(tls);
		ERR_clear_error();
		return NULL;
	}
	tls->context = context;
	tls->fd = fd;
	tls->fresh = buf_new(PENDING_MAX);
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio); /* owned by ssl now */
	SSL_set_accept_state(tls->ssl);
	return tls;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	drop_fresh(tls);
	drop_rest(tls);
	free(tls->certificate);
	free(tls);
}

/* Writing never waits (it is gathered), so the only thing to wait for is more input. */
static enum tls_result result_of(const struct tls *tls, int returned)
{
	return SSL_get_error(tls->ssl, returned) == SSL_ERROR_WANT_READ ? TLS_AGAIN : TLS_CLOSED;
}

static void take_certificate(struct tls *tls)
{
	struct client_certificate certificate;

	if (!client_certificate_take(&certificate, tls->ssl))
		return;
	tls->certificate = malloc(sizeof certificate);
	assert(tls->certificate);
	*tls->certificate = certificate;
}

enum tls_result tls_handshake(struct tls *tls)
{
	int returned;

	ERR_clear_error();
	returned = SSL_do_handshake(tls->ssl);
	if (returned != 1)
		return result_of(tls, returned);
	if (tls->context->asks)
		take_certificate(tls);
	return TLS_OK;
}

const struct client_certificate *tls_client_certificate(const struct tls *tls)
{
	return tls ? tls->certificate : NULL;
}

bool tls_is_h2(const struct tls *tls)
{
	const unsigned char *name;
	unsigned size;

	SSL_get0_alpn_selected(tls->ssl, &name, &size);
	return size == 2 && slice_equal(slice_of(name, size), S("h2"));
}

enum tls_result tls_read(struct tls *tls, void *out, size_t size, size_t *got)
{
	int returned;

	*got = 0;
	ERR_clear_error();
	returned = SSL_read_ex(tls->ssl, out, size, got);
	return returned == 1 ? TLS_OK : result_of(tls, returned);
}

bool tls_has_input(const struct tls *tls)
{
	return SSL_has_pending(tls->ssl) == 1;
}

enum tls_result tls_write(struct tls *tls, struct slice bytes)
{
	ERR_clear_error();
	while (bytes.size) {
		struct slice piece = slice_part(bytes, 0, RECORD);
		size_t written = 0;

		if (SSL_write_ex(tls->ssl, piece.data, piece.size, &written) != 1)
			return TLS_CLOSED;
		bytes = slice_part(bytes, written, bytes.size);
	}
	return TLS_OK;
}

void tls_finish(struct tls *tls)
{
	ERR_clear_error();
	if (SSL_is_init_finished(tls->ssl))
		(void)SSL_shutdown(tls->ssl);
}

static enum tls_result send_some(struct tls *tls, struct slice bytes, size_t *sent)
{
	while (*sent < bytes.size) {
		ssize_t n = send(tls->fd, bytes.data + *sent, bytes.size - *sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? TLS_AGAIN : TLS_CLOSED;
		*sent += (size_t)n;
	}
	return TLS_OK;
}

/* A connection that waits holds what is pending and not more. */
static void keep_rest(struct tls *tls)
{
	struct slice old = slice_part(slice_of(tls->rest, tls->rest_size), tls->rest_sent,
				      tls->rest_size);
	struct slice fresh = slice_part(buf_slice(&tls->fresh), tls->fresh_sent, tls->fresh.size);
	uint8_t *rest;

	if (fresh.size == 0 && tls->rest_sent < tls->rest_size / 2)
		return;
	rest = malloc(old.size + fresh.size);
	assert(rest);
	if (old.size)
		memcpy(rest, old.data, old.size);
	if (fresh.size)
		memcpy(rest + old.size, fresh.data, fresh.size);
	drop_rest(tls);
	tls->rest = rest;
	tls->rest_size = old.size + fresh.size;
	drop_fresh(tls);
}

enum tls_result tls_flush(struct tls *tls, size_t *sent)
{
	size_t before = tls_pending(tls);
	enum tls_result result = send_some(tls, slice_of(tls->rest, tls->rest_size),
					   &tls->rest_sent);

	if (result == TLS_OK)
		result = send_some(tls, buf_slice(&tls->fresh), &tls->fresh_sent);
	*sent = before - tls_pending(tls);
	if (result == TLS_AGAIN) {
		keep_rest(tls);
	} else if (result == TLS_OK) {
		drop_rest(tls);
		drop_fresh(tls);
	}
	return result;
}
