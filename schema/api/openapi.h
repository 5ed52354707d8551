/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.h - the description of the HTTP interface (OpenAPI 3.1, JSON), served as it is. */
#ifndef SCHEMA_API_OPENAPI_H
#define SCHEMA_API_OPENAPI_H

#include "crypto/base/slice.h"

struct slice openapi_text(void); /* static */

#endif
