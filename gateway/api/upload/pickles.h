/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickles.h - whether a model takes a file in: Python pickles only where an administrator has said
 * so (PUT settings, "allow_pickle"). They are carried then, and never read.
 */
#ifndef GATEWAY_API_UPLOAD_PICKLES_H
#define GATEWAY_API_UPLOAD_PICKLES_H

#include "schema/store/model.h"

/* `is_pickle`: by its content, where that is known. ERR_UNSUPPORTED with the reason and what to do.
 */
RESULT pickles_check(const struct store_model *model, struct slice path, bool is_pickle);

#endif
