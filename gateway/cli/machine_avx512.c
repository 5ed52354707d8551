/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/machine_peak.h"

MACHINE_PEAK(avx512, 16)
