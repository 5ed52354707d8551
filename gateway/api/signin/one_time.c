/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/signin/one_time.h"

#include <string.h>

#include "crypto/random.h"

static const char signs[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* 32: no I, L, O, U */
static const char consonants[] = "BCDFGHJKLMNPQRSTVWXZ";        /* 20: no words by accident */

enum { GROUP = 5, SIGNS = 25, CONSONANTS = sizeof consonants - 1 };

void one_time_make(char out[ONE_TIME_CODE + 1])
{
	uint8_t bytes[SIGNS];
	char *p = out;

	random_bytes(bytes, sizeof bytes);
	for (size_t i = 0; i < SIGNS; i++) {
		if (i && i % GROUP == 0)
			*p++ = '-';
		*p++ = signs[bytes[i] % (sizeof signs - 1)];
	}
	*p = '\0';
	explicit_bzero(bytes, sizeof bytes);
}

/* The letters and digits of it, in upper case; false if there are not as many. */
static bool normalize(char *out, size_t size, struct slice typed, const char *alphabet)
{
	size_t count = 0;

	for (size_t i = 0; i < typed.size; i++) {
		char c = (char)typed.data[i];

		if (c == '-' || c == ' ')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (c == '\0' || !strchr(alphabet, c) || count == size)
			return false;
		out[count++] = c;
	}
	return count == size;
}

enum err one_time_hash(struct digest *out, struct slice code)
{
	char text[SIGNS];

	if (!normalize(text, SIGNS, code, signs))
		return failure(ERR_FORMAT, "this is no code of ours; it has five groups of five "
					   "letters and digits");
	*out = digest_of(slice_of(text, SIGNS));
	explicit_bzero(text, sizeof text);
	return OK;
}

void one_time_user_code(char out[ONE_TIME_USER_CODE + 1])
{
	size_t count = 0;

	while (count < ONE_TIME_USER_CODE) {
		uint8_t byte;

		random_bytes(&byte, 1);
		if (byte < 256 / CONSONANTS * CONSONANTS) /* each as likely as the others */
			out[count++] = consonants[byte % CONSONANTS];
	}
	out[count] = '\0';
}

enum err one_time_read_user_code(char out[ONE_TIME_USER_CODE + 1], struct slice typed)
{
	out[ONE_TIME_USER_CODE] = '\0';
	if (!normalize(out, ONE_TIME_USER_CODE, typed, consonants))
		return failure(ERR_FORMAT, "this is no code that a device shows; it has eight "
					   "letters, as BCDF-GHJK");
	return OK;
}
