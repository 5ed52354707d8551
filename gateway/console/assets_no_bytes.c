/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/console/assets_table.h"

const uint8_t assets_bytes[1];
