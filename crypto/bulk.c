/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/bulk.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

struct bulk {
	EVP_MD_CTX *sha256;
	EVP_MD_CTX *git; /* NULL: not asked for */
	uint64_t left;
};

static enum err add(struct bulk *b, struct slice bytes)
{
	if (EVP_DigestUpdate(b->sha256, bytes.data, bytes.size) != 1 ||
	    (b->git && EVP_DigestUpdate(b->git, bytes.data, bytes.size) != 1))
		return failure(ERR_INTERNAL, "OpenSSL could not hash");
	return OK;
}

enum err bulk_new_sha256(struct bulk **out, uint64_t size)
{
	AUTO(bulk_auto) struct bulk *b = calloc(1, sizeof *b);

	assert(b);
	b->left = size;
	b->sha256 = EVP_MD_CTX_new();
	assert(b->sha256);
	if (EVP_DigestInit_ex(b->sha256, EVP_sha256(), NULL) != 1)
		return failure(ERR_INTERNAL, "OpenSSL gives no SHA-256");
	*out = b;
	b = NULL; /* given away */
	return OK;
}

enum err bulk_new(struct bulk **out, uint64_t size)
{
	AUTO(bulk_auto) struct bulk *b = NULL;
	char head[32];
	int head_size = snprintf(head, sizeof head, "blob %" PRIu64, size) + 1; /* and its NUL */

	TRY(bulk_new_sha256(&b, size));
	b->git = EVP_MD_CTX_new();
	assert(b->git);
	if (EVP_DigestInit_ex(b->git, EVP_sha1(), NULL) != 1 ||
	    EVP_DigestUpdate(b->git, head, (size_t)head_size) != 1)
		return failure(ERR_INTERNAL, "OpenSSL gives no SHA-1");
	*out = b;
	b = NULL; /* given away */
	return OK;
}

enum err bulk_add(struct bulk *b, struct slice bytes)
{
	if (bytes.size > b->left)
		return failure(ERR_FORMAT, "more bytes than were announced");
	b->left -= bytes.size;
	return bytes.size ? add(b, bytes) : OK;
}

enum err bulk_end(struct bulk *b, uint8_t sha256[BULK_SHA256], uint8_t git[BULK_GIT])
{
	if (b->left)
		return failure(ERR_FORMAT, "%" PRIu64 " bytes less than were announced", b->left);
	if (EVP_DigestFinal_ex(b->sha256, sha256, NULL) != 1 ||
	    (b->git && EVP_DigestFinal_ex(b->git, git, NULL) != 1))
		return failure(ERR_INTERNAL, "OpenSSL could not hash");
	return OK;
}

void bulk_free(struct bulk *b)
{
	if (!b)
		return;
	EVP_MD_CTX_free(b->sha256);
	EVP_MD_CTX_free(b->git);
	free(b);
}
