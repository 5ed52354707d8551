/* SPDX-License-Identifier: Apache-2.0 */
/* A build without the console: no rows. */
#include "gateway/console/assets_table.h"

const struct assets_row assets_rows[1];
const size_t assets_count = 0;
