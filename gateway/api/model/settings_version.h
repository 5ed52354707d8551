/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_version.h - what a model's settings are at a moment, as a short name: who changes them
 * says which they have seen ("seen"), and is refused if others are there by then.
 */
#ifndef GATEWAY_API_MODEL_SETTINGS_VERSION_H
#define GATEWAY_API_MODEL_SETTINGS_VERSION_H

#include "gateway/api/api.h"
#include "schema/store/model.h"

/* 16 hex digits, in the arena: of gate, terms, open paths, hidden, pickles. */
struct slice settings_version(struct arena *arena, const struct store_model *model);

#endif
