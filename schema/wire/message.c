/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/message.h"

struct row {
	unsigned type;
	const char *name;
	enum wire_kind kind;
	unsigned from; /* sets of roles */
	unsigned to;
	size_t ceiling;
	unsigned fds;
};

#define WIRE_ROW(name, number, kind, from, to, ceiling, fd, needs) \
	{number, #name, kind, from, to, ceiling, fd},
static const struct row rows[] = {MESSAGES(WIRE_ROW)};
#undef WIRE_ROW

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static const struct row *find(unsigned type)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

const char *wire_name(unsigned type)
{
	const struct row *row = find(type);

	return row ? row->name : "unknown";
}

enum wire_kind wire_kind_of(unsigned type)
{
	const struct row *row = find(type);

	return row ? row->kind : WIRE_NOTE;
}

size_t wire_ceiling(unsigned type)
{
	const struct row *row = find(type);

	return row ? row->ceiling : 0;
}

bool wire_answers(unsigned call, unsigned type)
{
	const struct row *row = find(call);

	if (!row || row->kind != WIRE_CALL)
		return false;
	if (type == WIRE_FAIL)
		return true;
	for (row++; row < rows + ROW_COUNT; row++) {
		if (row->type == type)
			return row->kind == WIRE_REPLY || row->kind == WIRE_PART;
		if (row->kind != WIRE_PART)
			return false;
	}
	return false;
}

enum err wire_check(enum role from, enum role to, unsigned type, size_t body_size, unsigned fds)
{
	const struct row *row = find(type);

	if (!row)
		return failure(ERR_DENIED, "message %u from %s: no such message", type,
			       role_name(from));
	if (!(row->from & 1U << from) || !(row->to & 1U << to) || !wire_may_speak(from, to))
		return failure(ERR_DENIED, "message %s: not allowed from %s to %s", row->name,
			       role_name(from), role_name(to));
	if (body_size > row->ceiling)
		return failure(ERR_DENIED, "message %s: %zu bytes, at most %zu allowed", row->name,
			       body_size, row->ceiling);
	if (fds != row->fds)
		return failure(ERR_DENIED, "message %s: %u descriptors, %u expected", row->name,
			       fds, row->fds);
	return OK;
}

static bool joins(const struct row *row, enum role from, enum role to)
{
	return row->type != WIRE_FAIL && row->from & 1U << from && row->to & 1U << to;
}

bool wire_may_speak(enum role a, enum role b)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (joins(&rows[i], a, b) || joins(&rows[i], b, a))
			return true;
	return false;
}
