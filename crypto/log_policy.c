/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/log_policy.h"

#include <stdio.h>

enum { LOG_POLICY_MAX_WORDS = LOG_POLICY_MAX_PARTS + 3 };

/* One line, cut at spaces and tabs. */
struct words {
	struct slice items[LOG_POLICY_MAX_WORDS];
	size_t count;
};

struct parse {
	struct log_policy *out;
	struct arena *arena;
	bool has_quorum;
};

static enum err cut_words(struct words *out, struct slice line)
{
	size_t i = 0;

	out->count = 0;
	while (i < line.size) {
		size_t from = i;

		while (i < line.size && line.data[i] != ' ' && line.data[i] != '\t')
			i++;
		if (i > from && out->count == LOG_POLICY_MAX_WORDS)
			return failure(ERR_LIMIT, "more than %d words", LOG_POLICY_MAX_WORDS);
		if (i > from)
			out->items[out->count++] = slice_part(line, from, i - from);
		i++;
	}
	return OK;
}

static int find_part(const struct log_policy *p, struct slice name)
{
	for (size_t i = 0; i < p->part_count; i++)
		if (slice_equal(p->parts[i].name, name))
			return (int)i;
	return -1;
}

static enum err read_url(struct slice *out, struct parse *parse, const struct words *w, size_t at)
{
	*out = (struct slice){NULL, 0};
	if (w->count <= at)
		return OK;
	if (w->items[at].size > LOG_POLICY_MAX_URL ||
	    (!slice_starts_with(w->items[at], S("https://")) &&
	     !slice_starts_with(w->items[at], S("http://"))))
		return failure(ERR_FORMAT, "the URL is none, or longer than %d bytes",
			       LOG_POLICY_MAX_URL);
	*out = arena_copy(parse->arena, w->items[at]);
	return OK;
}

static enum err read_key(struct note_key *out, struct slice vkey, enum note_type type)
{
	TRY(note_key_parse(out, vkey));
	if (out->type == type)
		return OK;
	return failure(ERR_FORMAT, "the key is of type %d; %s has type %d", (int)out->type,
		       type == NOTE_ED25519 ? "a log" : "a witness", (int)type);
}

static enum err on_log(struct parse *parse, const struct words *w)
{
	struct log_policy *p = parse->out;
	struct log_policy_log *log = &p->logs[p->log_count];

	if (w->count < 2 || w->count > 3)
		return failure(ERR_FORMAT, "log <vkey> [<url>] is expected");
	if (p->log_count == LOG_POLICY_MAX_LOGS)
		return failure(ERR_LIMIT, "more than %d logs", LOG_POLICY_MAX_LOGS);
	TRY(read_key(&log->key, w->items[1], NOTE_ED25519));
	TRY(read_url(&log->url, parse, w, 2));
	p->log_count++;
	return OK;
}

/* A new witness or group, not yet counted. */
static enum err begin_part(struct log_policy_part **out, struct parse *parse, struct slice name)
{
	struct log_policy *p = parse->out;

	if (p->part_count == LOG_POLICY_MAX_PARTS)
		return failure(ERR_LIMIT, "more than %d witnesses and groups",
			       LOG_POLICY_MAX_PARTS);
	if (name.size > LOG_POLICY_MAX_NAME || slice_equal(name, S("none")) ||
	    find_part(p, name) >= 0)
		return failure(ERR_FORMAT, "the name is given twice, \"none\" or longer than %d",
			       LOG_POLICY_MAX_NAME);
	*out = &p->parts[p->part_count];
	(*out)->name = arena_copy(parse->arena, name);
	return OK;
}

/* The same key under two names would count twice. */
static enum err on_witness(struct parse *parse, const struct words *w)
{
	struct log_policy *p = parse->out;
	struct log_policy_part *part;

	if (w->count < 3 || w->count > 4)
		return failure(ERR_FORMAT, "witness <name> <vkey> [<url>] is expected");
	TRY(begin_part(&part, parse, w->items[1]));
	TRY(read_key(&part->key, w->items[2], NOTE_COSIGNATURE));
	TRY(read_url(&part->url, parse, w, 3));
	for (size_t i = 0; i < p->part_count; i++)
		if (!p->parts[i].is_group &&
		    memcmp(p->parts[i].key.public_key, part->key.public_key, SIGN_PUBLIC) == 0)
			return failure(ERR_FORMAT, "the key is that of \"%.*s\", too",
				       SLICE_PRINT(p->parts[i].name));
	p->part_count++;
	return OK;
}

static enum err read_threshold(unsigned *out, struct slice word, size_t members)
{
	uint64_t number = 0;

	if (slice_equal(word, S("all")))
		number = members;
	else if (slice_equal(word, S("any")))
		number = 1;
	else if (!slice_to_u64(word, members, &number) || number == 0)
		return failure(ERR_FORMAT, "a group needs all, any or 1 to %zu of its members",
			       members);
	*out = (unsigned)number;
	return OK;
}

static enum err on_group(struct parse *parse, const struct words *w)
{
	struct log_policy_part *part;

	if (w->count < 4)
		return failure(ERR_FORMAT, "group <name> <threshold> <member>... is expected");
	TRY(begin_part(&part, parse, w->items[1]));
	part->is_group = true;
	TRY(read_threshold(&part->threshold, w->items[2], w->count - 3));
	for (size_t i = 3; i < w->count; i++) {
		int member = find_part(parse->out, w->items[i]);

		if (member < 0 || part->members >> member & 1)
			return failure(ERR_FORMAT, "member \"%.*s\" is not given before, or twice",
				       SLICE_PRINT(slice_part(w->items[i], 0, 64)));
		part->members |= UINT64_C(1) << member;
	}
	parse->out->part_count++;
	return OK;
}

static enum err on_quorum(struct parse *parse, const struct words *w)
{
	if (w->count != 2 || parse->has_quorum)
		return failure(ERR_FORMAT, "quorum <name>|none is expected, once");
	parse->has_quorum = true;
	parse->out->quorum = find_part(parse->out, w->items[1]);
	if (parse->out->quorum < 0 && !slice_equal(w->items[1], S("none")))
		return failure(ERR_FORMAT, "\"%.*s\" is not given before",
			       SLICE_PRINT(slice_part(w->items[1], 0, 64)));
	return OK;
}

static const struct {
	const char *word;
	enum err (*run)(struct parse *parse, const struct words *w);
} lines[] = {
	{"log", on_log},
	{"witness", on_witness},
	{"group", on_group},
	{"quorum", on_quorum},
};

static enum err take_line(struct parse *parse, struct slice line)
{
	struct words words;

	TRY(cut_words(&words, line));
	if (words.count == 0 || words.items[0].data[0] == '#')
		return OK;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (slice_equal(words.items[0], slice_of_string(lines[i].word)))
			return lines[i].run(parse, &words);
	return failure(ERR_FORMAT, "log, witness, group or quorum is expected");
}

enum err log_policy_parse(struct log_policy *out, struct arena *arena, struct slice text)
{
	struct parse parse = {.out = out, .arena = arena};
	struct slice line, rest = text;
	char why[FAILURE_MAX_TEXT];

	*out = (struct log_policy){
		.logs = arena_alloc(arena, LOG_POLICY_MAX_LOGS * sizeof *out->logs),
		.parts = arena_alloc(arena, LOG_POLICY_MAX_PARTS * sizeof *out->parts),
		.quorum = -1};
	if (text.size > LOG_POLICY_MAX_TEXT || !slice_is_utf8(text))
		return failure(ERR_FORMAT, "log policy: not UTF-8, or more than %d bytes",
			       LOG_POLICY_MAX_TEXT);
	for (unsigned number = 1; rest.size; number++) {
		enum err result;

		slice_cut(rest, '\n', &line, &rest);
		result = take_line(&parse, line);
		if (result == OK)
			continue;
		snprintf(why, sizeof why, "%s", failure_text());
		return failure(result, "log policy: line %u: %.400s", number, why);
	}
	if (!parse.has_quorum)
		return failure(ERR_FORMAT, "log policy: a quorum line is missing (quorum none)");
	return OK;
}

/* Members stand before their group, so one walk is enough. */
bool log_policy_holds(const struct log_policy *p, uint64_t witnesses)
{
	uint64_t held = 0;

	for (size_t i = 0; i < p->part_count; i++) {
		const struct log_policy_part *part = &p->parts[i];
		uint64_t bit = UINT64_C(1) << i;

		if (part->is_group &&
		    (unsigned)__builtin_popcountll(part->members & held) >= part->threshold)
			held |= bit;
		if (!part->is_group)
			held |= witnesses & bit;
	}
	return p->quorum < 0 || (held >> p->quorum & 1);
}

static enum err check_log(struct checkpoint *out, const struct log_policy *p, struct slice note)
{
	struct slice text;

	TRY(note_text(&text, note));
	TRY(checkpoint_parse(out, text));
	for (size_t i = 0; i < p->log_count; i++)
		if (slice_equal(out->origin, slice_of_string(p->logs[i].key.name)))
			return note_verify(&text, note, &p->logs[i].key, 1);
	return failure(ERR_NOT_FOUND, "log policy: the log \"%.*s\" is not in it",
		       SLICE_PRINT(out->origin));
}

enum err log_policy_check(struct checkpoint *out, uint64_t *witnesses, const struct log_policy *p,
			  struct slice note)
{
	uint64_t bits = 0;
	struct slice text;

	TRY(check_log(out, p, note));
	for (size_t i = 0; i < p->part_count; i++) {
		enum err result;

		if (p->parts[i].is_group)
			continue;
		result = note_verify(&text, note, &p->parts[i].key, 1);
		if (result != OK && result != ERR_NOT_FOUND)
			return result;
		if (result == OK)
			bits |= UINT64_C(1) << i;
	}
	if (witnesses)
		*witnesses = bits;
	if (log_policy_holds(p, bits))
		return OK;
	return failure(ERR_DENIED,
		       "log policy: %d witnesses have cosigned the checkpoint of %llu "
		       "entries; that is not the quorum \"%.*s\"",
		       __builtin_popcountll(bits), (unsigned long long)out->size,
		       SLICE_PRINT(p->parts[p->quorum].name));
}
