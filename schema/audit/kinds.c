/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/audit/kinds.h"

enum class { CLASS_A, CLASS_B };

static const struct {
	const char *name;
	enum class class;
} kinds[] = {
#define KIND_ROW(kind, name, class) [AUDIT_##kind] = {name, CLASS_##class},
	AUDIT_KINDS(KIND_ROW)
#undef KIND_ROW
};

const char *audit_kind_name(enum audit_kind kind)
{
	return kinds[kind].name;
}

bool audit_kind_is_class_a(enum audit_kind kind)
{
	return kinds[kind].class == CLASS_A;
}

bool audit_kind_is_usage(enum audit_kind kind)
{
	return kind == AUDIT_INFER_GENERATE || kind == AUDIT_INFER_EMBED ||
	       kind == AUDIT_INFER_INTERNALS || kind == AUDIT_INFER_END;
}

enum err audit_kind_parse(enum audit_kind *out, struct slice name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (slice_equal(name, slice_of_string(kinds[i].name))) {
			*out = (enum audit_kind)i;
			return OK;
		}
	}
	return failure(ERR_NOT_FOUND, "the log has no such kind of event");
}
