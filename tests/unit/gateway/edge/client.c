/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/gateway/edge/client.h"

#include <assert.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TIMEOUT_SECONDS = 10, MAX_RECEIVED = 64 * 1024 * 1024 };

struct client {
	int fd;
	SSL_CTX *context;
	SSL *ssl;
	struct buf received;
};

static void take_pem(struct buf *out, BIO *bio)
{
	char *data;
	long size = BIO_get_mem_data(bio, &data);

	buf_write(out, slice_of(data, (size_t)size));
	BIO_free(bio);
}

void client_make_certificate(struct buf *certificate, struct buf *key)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *certificate_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());

	assert(pair && x && certificate_bio && key_bio);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_set_pubkey(x, pair);
	assert(X509_sign(x, pair, EVP_sha256()) > 0);
	assert(PEM_write_bio_X509(certificate_bio, x) == 1);
	assert(PEM_write_bio_PrivateKey(key_bio, pair, NULL, NULL, 0, NULL, NULL) == 1);
	take_pem(certificate, certificate_bio);
	take_pem(key, key_bio);
	X509_free(x);
	EVP_PKEY_free(pair);
}

/* Connect and shake hands; false if the server gave the handshake up. */
static bool try_to_connect(struct client *c, int port, const char *protocols)
{
	const struct timeval timeout = {.tv_sec = TIMEOUT_SECONDS};
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(c->fd >= 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	assert(connect(c->fd, (const struct sockaddr *)&address, sizeof address) == 0);
	c->ssl = SSL_new(c->context);
	assert(c->ssl && SSL_set_alpn_protos(c->ssl, (const unsigned char *)protocols,
					     (unsigned)strlen(protocols)) == 0);
	SSL_set_fd(c->ssl, c->fd);
	if (SSL_connect(c->ssl) == 1)
		return true;
	SSL_free(c->ssl);
	close(c->fd);
	return false;
}

static struct client *connect_with(int port, const char *protocols)
{
	struct client *c = calloc(1, sizeof *c);
	int attempts = 20; /* on a busy machine a hasty server may give a handshake up */

	assert(c);
	c->received = buf_new(MAX_RECEIVED);
	c->context = SSL_CTX_new(TLS_client_method());
	while (!try_to_connect(c, port, protocols)) {
		attempts--;
		assert(attempts);
	}
	return c;
}

struct client *client_new(int port)
{
	return connect_with(port, "\x08http/1.1");
}

struct client *client_new_h2(int port)
{
	return connect_with(port, "\x02h2");
}

void client_free(struct client *c)
{
	if (!c)
		return;
	SSL_free(c->ssl);
	SSL_CTX_free(c->context);
	close(c->fd);
	buf_free(&c->received);
	free(c);
}

void client_send(struct client *c, struct slice bytes)
{
	ERR_clear_error();
	while (bytes.size) {
		int n = SSL_write(c->ssl, bytes.data, (int)bytes.size);

		if (n <= 0)
			return; /* the server has closed: the test looks at what it answered */
		bytes = slice_part(bytes, (size_t)n, bytes.size);
	}
}

int client_receive(struct client *c)
{
	uint8_t *room = buf_reserve(&c->received, 65536);
	int n;

	assert(room);
	ERR_clear_error();
	n = SSL_read(c->ssl, room, 65536);
	if (n > 0)
		buf_commit(&c->received, (size_t)n);
	if (n > 0)
		return 1;
	return SSL_get_error(c->ssl, n) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

bool client_expect(struct client *c, const char *text)
{
	while (!strstr(client_text(c), text))
		if (client_receive(c) != 1)
			return false;
	return true;
}

bool client_read_all(struct client *c)
{
	int result;

	do {
		result = client_receive(c);
	} while (result == 1);
	return result == 0;
}

const char *client_text(struct client *c)
{
	return buf_string(&c->received);
}

size_t client_size(const struct client *c)
{
	return c->received.size;
}

void client_forget(struct client *c)
{
	buf_reset(&c->received);
}
