/* SPDX-License-Identifier: Apache-2.0 */
/* datadir.h - the directories below data_dir, each with its owner and mode. */
#ifndef GATEWAY_SUPERVISOR_DATADIR_H
#define GATEWAY_SUPERVISOR_DATADIR_H

#include "gateway/proc/settings.h"

/*
 * Makes what is missing. As root it also gives each directory to the role that writes it, and
 * the keeper's files (made by `init`) to the keeper. Before the capabilities are dropped.
 */
RESULT datadir_prepare(const struct settings *s);

#endif
