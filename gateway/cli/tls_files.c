/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/tls_files.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/base/file.h"
#include "crypto/random.h"

enum { SERIAL_BYTES = 16, HOUR = 3600, DAY = 24 * HOUR, MAX_PEM = 64 * 1024 };

static void key_auto(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void certificate_auto(X509 **certificate)
{
	X509_free(*certificate);
}

static void bio_auto(BIO **bio)
{
	BIO_free(*bio);
}

static enum err refused(const char *what)
{
	const char *why = ERR_reason_error_string(ERR_get_error());

	return failure(ERR_INTERNAL, "%s cannot be made: %s", what, why ? why : "no reason given");
}

static bool set_serial(X509 *certificate)
{
	uint8_t bytes[SERIAL_BYTES];
	BIGNUM *number;
	bool done;

	random_bytes(bytes, sizeof bytes);
	bytes[0] &= 0x7f; /* positive */
	number = BN_bin2bn(bytes, sizeof bytes, NULL);
	done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	return done;
}

static bool add_extension(X509 *certificate, X509 *issuer, int id, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool done;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
	done = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return done;
}

/* Begins an hour ago: clocks differ. The caller adds extensions and signs. */
static X509 *begin(EVP_PKEY *key, const char *name, X509 *issuer)
{
	X509 *c = X509_new();
	X509_NAME *subject = c ? X509_get_subject_name(c) : NULL;
	const unsigned char *text = (const unsigned char *)name;

	if (subject && X509_set_version(c, X509_VERSION_3) && set_serial(c) &&
	    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC,
				       (const unsigned char *)"Sallyport", -1, -1, 0) &&
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0) &&
	    X509_set_issuer_name(c, issuer ? X509_get_subject_name(issuer) : subject) &&
	    X509_gmtime_adj(X509_getm_notBefore(c), -HOUR) &&
	    X509_gmtime_adj(X509_getm_notAfter(c), (long)TLS_FILES_DAYS * DAY) &&
	    X509_set_pubkey(c, key))
		return c;
	X509_free(c);
	return NULL;
}

static enum err make_authority(X509 **out, EVP_PKEY *key)
{
	AUTO(certificate_auto) X509 *c = begin(key, "Sallyport CA", NULL);

	if (!c || !add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
	    !add_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") ||
	    !add_extension(c, c, NID_subject_key_identifier, "hash") ||
	    !X509_sign(c, key, EVP_sha256()))
		return refused("the certificate authority");
	*out = c;
	c = NULL; /* given away */
	return OK;
}

static bool is_address(const char *host)
{
	struct in6_addr room;

	return inet_pton(AF_INET, host, &room) == 1 || inet_pton(AF_INET6, host, &room) == 1;
}

static enum err check_host(const char *host)
{
	for (const char *p = host; *p; p++)
		if (*p <= ' ' || *p == ',' || *p == '"' || (unsigned char)*p > 126)
			return failure(ERR_FORMAT, "\"%s\" is no name of a host", host);
	return host[0] ? OK : failure(ERR_FORMAT, "a host has an empty name");
}

static enum err write_names(struct buf *out, const char *const *hosts, size_t count)
{
	buf_write_string(out, "DNS:localhost,IP:127.0.0.1,IP:::1");
	for (size_t i = 0; i < count; i++) {
		TRY(check_host(hosts[i]));
		buf_printf(out, ",%s:%s", is_address(hosts[i]) ? "IP" : "DNS", hosts[i]);
	}
	return buf_done(out);
}

static enum err make_server(X509 **out, EVP_PKEY *key, X509 *authority, EVP_PKEY *authority_key,
			    const char *names)
{
	AUTO(certificate_auto) X509 *c = begin(key, "Sallyport gateway", authority);

	if (!c || !add_extension(c, authority, NID_basic_constraints, "critical,CA:FALSE") ||
	    !add_extension(c, authority, NID_key_usage, "critical,digitalSignature") ||
	    !add_extension(c, authority, NID_ext_key_usage, "serverAuth") ||
	    !add_extension(c, authority, NID_subject_key_identifier, "hash") ||
	    !add_extension(c, authority, NID_authority_key_identifier, "keyid:always") ||
	    !add_extension(c, authority, NID_subject_alt_name, names) ||
	    !X509_sign(c, authority_key, EVP_sha256()))
		return refused("the server's certificate");
	*out = c;
	c = NULL; /* given away */
	return OK;
}

static enum err write_certificate(int dir, const char *path, X509 *certificate)
{
	AUTO(bio_auto) BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long size;

	if (!bio || !PEM_write_bio_X509(bio, certificate))
		return refused(path);
	size = BIO_get_mem_data(bio, &text);
	return file_write_new(dir, path, slice_of(text, (size_t)size), 0644);
}

static enum err write_key(int dir, const char *path, EVP_PKEY *key)
{
	AUTO(bio_auto) BIO *bio = BIO_new(BIO_s_secmem());
	char *text;
	long size;

	if (!bio || !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		return refused(path);
	size = BIO_get_mem_data(bio, &text);
	return file_write_new(dir, path, slice_of(text, (size_t)size), 0600);
}

enum err tls_files_create(int dir, const char *const *hosts, size_t count)
{
	AUTO(key_auto) EVP_PKEY *authority_key = EVP_EC_gen("P-256");
	AUTO(key_auto) EVP_PKEY *server_key = EVP_EC_gen("P-256");
	AUTO(certificate_auto) X509 *authority = NULL;
	AUTO(certificate_auto) X509 *server = NULL;
	AUTO(buf_free) struct buf names = buf_new(MAX_PEM);

	if (!authority_key || !server_key)
		return refused("a P-256 key");
	TRY(write_names(&names, hosts, count));
	TRY(make_authority(&authority, authority_key));
	TRY(make_server(&server, server_key, authority, authority_key, buf_string(&names)));
	TRY(write_key(dir, "server.key", server_key));
	TRY(write_certificate(dir, "server.pem", server));
	return write_certificate(dir, "ca.pem", authority);
}

enum err tls_files_fingerprint(uint8_t out[32], const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(MAX_PEM);
	AUTO(bio_auto) BIO *bio = NULL;
	AUTO(certificate_auto) X509 *certificate = NULL;
	unsigned size = 32;

	TRY(file_read(&text, AT_FDCWD, path));
	bio = BIO_new_mem_buf(text.data, (int)text.size);
	certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	if (certificate && X509_digest(certificate, EVP_sha256(), out, &size) == 1)
		return OK;
	ERR_clear_error();
	return failure(ERR_FORMAT, "%s: no certificate in PEM", path);
}
