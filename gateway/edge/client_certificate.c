/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/client_certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static void fingerprint(uint8_t out[CLIENT_CERTIFICATE_SHA256], const X509 *certificate)
{
	unsigned size = CLIENT_CERTIFICATE_SHA256;

	if (X509_digest(certificate, EVP_sha256(), out, &size) != 1)
		memset(out, 0, CLIENT_CERTIFICATE_SHA256); /* no certificate has this one */
}

/* --- authorities ---------------------------------------------------------------------------- */

static int no_password(char *out, int size, int writing, void *context)
{
	(void)out, (void)size, (void)writing, (void)context;
	return 0;
}

static enum err take_authority(struct client_authorities *out, SSL_CTX *ssl, X509 *authority)
{
	if (out->count == CLIENT_AUTHORITIES)
		return failure(ERR_LIMIT, "gateway.client_ca: more than %d authorities",
			       CLIENT_AUTHORITIES);
	if (X509_check_ca(authority) != 1)
		return failure(ERR_FORMAT, "gateway.client_ca: certificate %zu is no authority's",
			       out->count + 1);
	fingerprint(out->sha256[out->count++], authority);
	if (ssl && (X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), authority) != 1 ||
		    SSL_CTX_add_client_CA(ssl, authority) != 1))
		return failure(ERR_INTERNAL, "gateway.client_ca: OpenSSL refuses an authority");
	return OK;
}

static enum err take_authorities(struct client_authorities *out, SSL_CTX *ssl, struct slice pem)
{
	BIO *bio = pem.size <= INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.size) : NULL;
	enum err result = OK;
	X509 *one;

	*out = (struct client_authorities){.count = 0};
	while (bio && result == OK && (one = PEM_read_bio_X509(bio, NULL, no_password, NULL))) {
		result = take_authority(out, ssl, one);
		X509_free(one);
	}
	/* Anything but the end of the text is a file that was read in part only. */
	if (result == OK &&
	    (!out->count || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE))
		result = failure(ERR_FORMAT, "gateway.client_ca: not certificates in PEM");
	BIO_free(bio);
	ERR_clear_error();
	return result;
}

enum err client_authorities_read(struct client_authorities *out, struct slice pem)
{
	return take_authorities(out, NULL, pem);
}

/* A resumed session would bring the certificate, but not the chain by which it was verified, and
 * would outlive its end: here every connection shows its certificate anew. */
enum err client_authorities_use(struct client_authorities *out, SSL_CTX *ssl, struct slice pem)
{
	TRY(take_authorities(out, ssl, pem));
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_verify_depth(ssl, CLIENT_CERTIFICATE_ISSUERS - 1);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
	/* An authority of the list is trusted as it is, though another has signed it. */
	if (SSL_CTX_set_num_tickets(ssl, 0) != 1 ||
	    X509_STORE_set_flags(SSL_CTX_get_cert_store(ssl), X509_V_FLAG_PARTIAL_CHAIN) != 1)
		return failure(ERR_INTERNAL, "tls: OpenSSL refuses its configuration");
	return OK;
}

bool client_authorities_have(const struct client_authorities *a, struct slice sha256)
{
	for (size_t i = 0; i < a->count; i++)
		if (slice_equal(sha256, slice_of(a->sha256[i], CLIENT_CERTIFICATE_SHA256)))
			return true;
	return false;
}

/* --- a client's certificate ----------------------------------------------------------------- */

static int64_t end_of(const X509 *certificate)
{
	struct tm end;

	return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1 ? timegm(&end) : 0;
}

/* False: no room. A line break in a name would make two of one: such a name is left out. */
static bool add_organization(struct client_certificate *c, const ASN1_STRING *name)
{
	unsigned char *text = NULL;
	int size = ASN1_STRING_to_UTF8(&text, name);
	size_t length = size > 0 ? (size_t)size : 0;
	bool fits = c->organizations_size + length + 1 <= sizeof c->organizations;

	if (length && fits && !memchr(text, '\n', length)) {
		memcpy(c->organizations + c->organizations_size, text, length);
		c->organizations_size += length;
		c->organizations[c->organizations_size++] = '\n';
	}
	OPENSSL_free(text);
	return fits;
}

static void take_organizations(struct client_certificate *c, const X509 *leaf)
{
	const X509_NAME *subject = X509_get_subject_name(leaf);
	bool fits = true;

	for (int at = -1;
	     fits && (at = X509_NAME_get_index_by_NID(subject, NID_organizationName, at)) >= 0;)
		fits = add_organization(c,
					X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (!fits)
		c->organizations_size = 0;
}

bool client_certificate_take(struct client_certificate *out, SSL *ssl)
{
	X509 *leaf = SSL_get0_peer_certificate(ssl);
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);

	*out = (struct client_certificate){.issuer_count = 0};
	if (!leaf || !chain || SSL_get_verify_result(ssl) != X509_V_OK)
		return false;
	fingerprint(out->sha256, leaf);
	out->until_seconds = end_of(leaf);
	take_organizations(out, leaf);
	for (int i = 1; i < sk_X509_num(chain); i++) { /* the leaf comes first */
		const X509 *issuer = sk_X509_value(chain, i);

		if (out->issuer_count == CLIENT_CERTIFICATE_ISSUERS)
			return false;
		fingerprint(out->issuers[out->issuer_count++], issuer);
		if (end_of(issuer) < out->until_seconds)
			out->until_seconds = end_of(issuer);
	}
	ERR_clear_error();
	return true;
}
