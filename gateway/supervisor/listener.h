/* SPDX-License-Identifier: Apache-2.0 */
/* listener.h - the one socket strangers come by. The supervisor binds it, the edge accepts. */
#ifndef GATEWAY_SUPERVISOR_LISTENER_H
#define GATEWAY_SUPERVISOR_LISTENER_H

#include "crypto/base/err.h"

/* "127.0.0.1:8443", "[::1]:8443", "0.0.0.0:443": numeric only. Port 0: any free one. */
RESULT listener_open(int *out, const char *address);

#endif
