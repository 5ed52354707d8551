/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/uses.h"

static const struct {
	const char *code, *acronym, *label;
	enum use_kind kind;
} uses[USE_COUNT] = {
#define USE_ROW(name, text, short_name, sentence, group) \
	[USE_##name] = {text, short_name, sentence, USE_##group},
	USES(USE_ROW)
#undef USE_ROW
};

const char *use_code(enum use use)
{
	return uses[use].code;
}

const char *use_acronym(enum use use)
{
	return uses[use].acronym;
}

const char *use_label(enum use use)
{
	return uses[use].label;
}

enum use_kind use_kind_of(enum use use)
{
	return uses[use].kind;
}

bool use_is_ours(enum use use)
{
	return slice_starts_with(slice_of_string(uses[use].code), S("MDU:"));
}

bool use_parse(enum use *out, struct slice code)
{
	for (int i = 0; i < USE_COUNT; i++) {
		if (slice_equal(code, slice_of_string(uses[i].code))) {
			*out = (enum use)i;
			return true;
		}
	}
	return false;
}

enum err uses_parse(use_set *out, struct slice list)
{
	bool more = list.size > 0;

	*out = 0;
	while (more) {
		struct slice one;
		enum use use;

		more = slice_cut(list, ',', &one, &list);
		if (!use_parse(&use, one))
			return failure(ERR_FORMAT,
				       "use \"%.*s\" is not in the list; codes as DUO:0000042 or "
				       "MDU:no-fine-tuning are",
				       SLICE_PRINT(slice_part(one, 0, 40)));
		*out |= use_bit(use);
	}
	return OK;
}

void uses_write(struct buf *out, use_set set)
{
	bool is_first = true;

	for (int i = 0; i < USE_COUNT; i++) {
		if (!(set & use_bit((enum use)i)))
			continue;
		buf_write_string(out, is_first ? "" : ",");
		buf_write_string(out, uses[i].code);
		is_first = false;
	}
}

const char *uses_verdict_name(enum uses_verdict verdict)
{
	static const char *const names[] = {"match", "partial", "mismatch", "unknown"};

	return names[verdict];
}

/* DUO's own tree, in which the narrower hang below the wider. Research on ancestry is under general
 * research, unless NPOA excludes it. */
use_set use_covers(enum use permission)
{
	switch ((int)permission) {
	case USE_NRES:
		return use_bit(USE_NRES) | use_bit(USE_GRU) | use_bit(USE_HMB) | use_bit(USE_DS) |
		       use_bit(USE_POA);
	case USE_GRU:
		return use_bit(USE_GRU) | use_bit(USE_HMB) | use_bit(USE_DS) | use_bit(USE_POA);
	case USE_HMB:
		return use_bit(USE_HMB) | use_bit(USE_DS);
	default:
		return use_bit(permission);
	}
}

/* A requirement, and what it excludes though nobody may have asked for its code. */
static const struct {
	enum use required, excluded;
} exclusions[] = {
	{USE_NPOA, USE_POA},
	{USE_NO_CLINICAL_DECISIONS, USE_CC},
};

/* Undertaking the narrower is undertaking the wider: NPUNCU says both NPU and NCU. */
static use_set undertakes(use_set declared)
{
	if (declared & use_bit(USE_NPUNCU))
		declared |= use_bit(USE_NPU) | use_bit(USE_NCU);
	if ((declared & use_bit(USE_NPU)) && (declared & use_bit(USE_NCU)))
		declared |= use_bit(USE_NPUNCU);
	if (declared & use_bit(USE_INFERENCE_ONLY))
		declared |= use_bit(USE_NO_FINE_TUNING);
	return declared;
}

static void weigh_permission(struct uses_match *m, enum use use, use_set permitted)
{
	m->findings[use] = USE_IS_NOT_PERMITTED;
	for (int p = 0; p < USE_COUNT; p++) {
		if (!(permitted & use_bit((enum use)p)) ||
		    use_kind_of((enum use)p) != USE_PERMISSION ||
		    !(use_covers((enum use)p) & use_bit(use)))
			continue;
		m->findings[use] = USE_IS_PERMITTED;
		m->because[use] = (enum use)p;
		return;
	}
}

static enum uses_verdict sum_up(const struct uses_match *m)
{
	enum uses_verdict verdict = USES_MATCH;

	for (int i = 0; i < USE_COUNT; i++) {
		if (m->findings[i] == USE_IS_NOT_PERMITTED || m->findings[i] == USE_IS_AGAINST)
			return USES_MISMATCH;
		if (m->findings[i] == USE_IS_NOT_UNDERTAKEN)
			verdict = USES_PARTIAL;
	}
	return verdict;
}

static use_set permissions_of(use_set set)
{
	use_set all = 0;

	for (int i = 0; i < USE_COUNT; i++)
		if (use_kind_of((enum use)i) == USE_PERMISSION)
			all |= set & use_bit((enum use)i);
	return all;
}

struct uses_match uses_compare(use_set declared, use_set permitted, use_set required)
{
	struct uses_match m = {.verdict = USES_UNKNOWN};
	use_set undertaken = undertakes(declared);

	if (!declared || !(permitted | required))
		return m;
	for (int i = 0; i < USE_COUNT; i++) {
		enum use use = (enum use)i;

		if (required & use_bit(use))
			m.findings[use] = undertaken & use_bit(use) ? USE_IS_UNDERTAKEN
								    : USE_IS_NOT_UNDERTAKEN;
		else if (permissions_of(declared) & use_bit(use) && permissions_of(permitted))
			weigh_permission(&m, use, permitted);
	}
	for (size_t i = 0; i < sizeof exclusions / sizeof exclusions[0]; i++) {
		if (!(required & use_bit(exclusions[i].required)) ||
		    !(declared & use_bit(exclusions[i].excluded)))
			continue;
		m.findings[exclusions[i].excluded] = USE_IS_AGAINST;
		m.because[exclusions[i].excluded] = exclusions[i].required;
	}
	m.verdict = sum_up(&m);
	if (m.verdict == USES_MATCH && permissions_of(permitted) && !permissions_of(declared))
		m.verdict = USES_PARTIAL; /* what for, nobody has said */
	return m;
}

static void write_use(struct buf *out, enum use use)
{
	buf_printf(out, "%s (%s)", use_code(use), use_label(use));
}

void uses_explain(struct buf *out, const struct uses_match *m, enum use use)
{
	if (m->findings[use] == USE_FINDING_NONE)
		return;
	write_use(out, use);
	switch (m->findings[use]) {
	case USE_FINDING_NONE:
		return;
	case USE_IS_PERMITTED:
		buf_write_string(out, " is permitted by ");
		write_use(out, m->because[use]);
		return;
	case USE_IS_NOT_PERMITTED:
		buf_write_string(out, " was declared, and nothing the model permits covers it");
		return;
	case USE_IS_UNDERTAKEN:
		buf_write_string(out, " is required, and was undertaken");
		return;
	case USE_IS_NOT_UNDERTAKEN:
		buf_write_string(out, " is required, and the request does not say so");
		return;
	case USE_IS_AGAINST:
		buf_write_string(out, " was declared, and is excluded by ");
		write_use(out, m->because[use]);
		return;
	}
}
