/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/bulk.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "crypto/base/buf.h"
#include "crypto/base/text.h"

struct bulk {
	EVP_MD_CTX *sha256;
	EVP_MD_CTX *git; /* NULL: of the pointer */
	uint64_t size;
	uint64_t left;
};

static enum err add(struct bulk *b, struct slice bytes)
{
	if (EVP_DigestUpdate(b->sha256, bytes.data, bytes.size) != 1 ||
	    (b->git && EVP_DigestUpdate(b->git, bytes.data, bytes.size) != 1))
		return failure(ERR_INTERNAL, "OpenSSL could not hash");
	return OK;
}

static enum err git_begin(EVP_MD_CTX **out, uint64_t size)
{
	char head[32];
	int head_size = snprintf(head, sizeof head, "blob %" PRIu64, size) + 1; /* and its NUL */

	*out = EVP_MD_CTX_new();
	assert(*out);
	if (EVP_DigestInit_ex(*out, EVP_sha1(), NULL) == 1 &&
	    EVP_DigestUpdate(*out, head, (size_t)head_size) == 1)
		return OK;
	return failure(ERR_INTERNAL, "OpenSSL gives no SHA-1");
}

enum err bulk_new_pointed(struct bulk **out, uint64_t size)
{
	AUTO(bulk_auto) struct bulk *b = calloc(1, sizeof *b);

	assert(b);
	b->size = size;
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

	TRY(bulk_new_pointed(&b, size));
	TRY(git_begin(&b->git, size));
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

/* The text that git keeps for a large file:
 * https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
static enum err hash_pointer(struct bulk *b, const uint8_t sha256[BULK_SHA256])
{
	AUTO(buf_free) struct buf text = buf_new(256);
	char end[32];

	snprintf(end, sizeof end, "\nsize %" PRIu64 "\n", b->size);
	buf_write_string(&text, "version https://git-lfs.github.com/spec/v1\noid sha256:");
	text_write_hex(&text, slice_of(sha256, BULK_SHA256));
	buf_write_string(&text, end);
	TRY(git_begin(&b->git, text.size));
	if (EVP_DigestUpdate(b->git, text.data, text.size) != 1)
		return failure(ERR_INTERNAL, "OpenSSL could not hash");
	return OK;
}

enum err bulk_end(struct bulk *b, uint8_t sha256[BULK_SHA256], uint8_t git[BULK_GIT])
{
	if (b->left)
		return failure(ERR_FORMAT, "%" PRIu64 " bytes less than were announced", b->left);
	if (EVP_DigestFinal_ex(b->sha256, sha256, NULL) != 1)
		return failure(ERR_INTERNAL, "OpenSSL could not hash");
	if (!b->git)
		TRY(hash_pointer(b, sha256));
	if (EVP_DigestFinal_ex(b->git, git, NULL) != 1)
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
