/* SPDX-License-Identifier: Apache-2.0 */
/* license_check.h - is a license that was taken along (crypto/license_file.h) good, here and now?
 */
#ifndef GATEWAY_CLI_LICENSE_CHECK_H
#define GATEWAY_CLI_LICENSE_CHECK_H

#include "crypto/license_file.h"

/* What the one who checks knows already: a file that vouches for its own keys proves nothing. */
struct license_trust {
	uint8_t license_key[SIGN_PUBLIC];
	const char *vkey;      /* of the log */
	const char *recipient; /* "ed25519:..." or "age-x25519:..."; NULL: whoever */
};

struct license_checked {
	struct license license;
	struct license_checkout checkout;
	uint64_t log_size; /* under the checkpoint that comes with it */
};

/* ERR_FORGED, ERR_FORMAT, ERR_NOT_FOUND (another log); ERR_DENIED: it is another's; ERR_EXPIRED: it
 * is over, or the clock was set back. The text says which. */
RESULT license_check_file(struct license_checked *out, struct arena *a, struct slice text,
			  const struct license_trust *trust, int64_t now_ms);

#endif
