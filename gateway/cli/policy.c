/* SPDX-License-Identifier: Apache-2.0 */
/* Published criteria: checked without any gateway, proposed and made active, explained, and tried
 * on what was asked before. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/person.h"
#include "policy/criteria.h"

enum { POLICY_MAX_USES = 64 };

static const char *model_path(struct cli *cli, const char *model, const char *rest)
{
	return arena_printf(&cli->arena, "/api/v1/models/%s%s",
			    client_encode_path(&cli->arena, slice_of_string(model)), rest);
}

static enum err read_document(struct buf *out, const char *path)
{
	TRY(file_read(out, AT_FDCWD, path));
	if (!slice_is_utf8(buf_slice(out)))
		return failure(ERR_FORMAT, "%s is not UTF-8", path);
	return OK;
}

/* --- offline ------------------------------------------------------------------------------ */

static json_t *describe_check(struct arena *arena, const struct criteria *c,
			      const struct criteria_faults *faults)
{
	json_t *answer = json_object_new(), *list = json_array_new();
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);

	for (size_t i = 0; i < faults->count; i++) {
		json_t *one = json_object_new();

		json_put_int(one, "line", faults->list[i].place.line);
		json_put_int(one, "column", faults->list[i].place.column);
		json_put_text(one, "text",
			      arena_copy(arena, slice_of_string(faults->list[i].text)));
		json_push(list, one);
	}
	json_put(answer, "faults", list);
	if (faults->count)
		return answer;
	text_write_hex(&hex, digest_slice(&c->sha256));
	json_put_text(answer, "name", c->name);
	json_put_text(answer, "sha256", buf_slice(&hex));
	json_put_int(answer, "rules", (int64_t)c->rule_count);
	json_put_int(answer, "conditions", (int64_t)c->condition_count);
	return answer;
}

static void print_faults(const char *path, const struct criteria_faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		printf("%s:%u:%u: ", path, faults->list[i].place.line,
		       faults->list[i].place.column);
		output_text(stdout, slice_of_string(faults->list[i].text));
		putchar('\n');
	}
	if (faults->left_off)
		printf("and %zu more\n", faults->left_off);
}

enum err command_policy_check(struct cli *cli)
{
	const char *path = cli_word(cli, 0);
	AUTO(buf_free) struct buf text = buf_new(CRITERIA_MAX_TEXT + 1);
	AUTO(json_auto) json_t *answer = NULL;
	struct criteria_faults *faults = arena_alloc(&cli->arena, sizeof *faults);
	struct criteria c;
	enum err result;

	TRY(read_document(&text, path));
	result = criteria_parse(&c, &cli->arena, buf_slice(&text), faults);
	if (cli->json) {
		answer = describe_check(&cli->arena, &c, faults);
		TRY(output_json(answer));
	} else if (result != OK) {
		print_faults(path, faults);
	} else {
		printf("%s: %zu rules, %zu conditions, no fault\n", path, c.rule_count,
		       c.condition_count);
	}
	if (result == OK)
		return OK;
	return failure(ERR_DENIED, "%s has %zu faults", path, faults->count + faults->left_off);
}

/* --- versions ----------------------------------------------------------------------------- */

#define VERSION_NAMES \
	"model sha256 state drafted_by drafted proposed_by proposed staged_by from activated_by " \
	"activated"

enum err command_policy_draft(struct cli *cli)
{
	AUTO(buf_free) struct buf text = buf_new(CRITERIA_MAX_TEXT + 1);
	AUTO(client_answer_clear) struct client_answer raw = client_answer_new();
	AUTO(json_auto) json_t *answer = NULL;
	struct client_request request = {.method = "POST", .content_type = "application/json"};
	struct client *c;

	TRY(read_document(&text, cli_word(cli, 1)));
	TRY(cli_client(&c, cli));
	request.path = model_path(cli, cli_word(cli, 0), "/criteria");
	request.body = buf_slice(&text);
	TRY(client_send(c, &raw, &request));
	TRY(client_check(c, &raw));
	TRY(json_read(&answer, buf_slice(&raw.body), CLIENT_MAX_BODY));
	return output_object(cli, answer, VERSION_NAMES);
}

/* Takes `body` over. */
static enum err step(struct cli *cli, const char *act, json_t *body)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *sha256 = client_encode(&cli->arena, slice_of_string(cli_word(cli, 1)));
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "POST",
			model_path(cli, cli_word(cli, 0),
				   arena_printf(&cli->arena, "/criteria/%s/%s", sha256, act)),
			body));
	return output_object(cli, answer, VERSION_NAMES);
}

enum err command_policy_propose(struct cli *cli)
{
	return step(cli, "propose", NULL);
}

enum err command_policy_activate(struct cli *cli)
{
	const char *from = arguments_value(&cli->arguments, "from");
	json_t *body = NULL;

	if (from) {
		body = json_object_new();
		json_put_text(body, "from", slice_of_string(from));
	}
	return step(cli, "activate", body);
}

enum err command_policy_withdraw(struct cli *cli)
{
	return step(cli, "withdraw", NULL);
}

enum err command_policy_versions(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", model_path(cli, cli_word(cli, 0), "/criteria/versions"),
			NULL));
	return output_table(cli, answer, "versions",
			    "sha256 state drafted proposed from activated");
}

enum err command_policy_show(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *criteria;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", model_path(cli, cli_word(cli, 0), "/criteria"), NULL));
	TRY(json_get_object(&criteria, answer, "criteria"));
	TRY(output_object(cli, answer, "model sha256 active_since"));
	return cli->json ? OK : output_table(cli, criteria, "rules", "id effect text");
}

/* --- what they say ------------------------------------------------------------------------ */

static void put_list(struct cli *cli, json_t *body, const char *option, const char *member)
{
	const char *values[POLICY_MAX_USES];
	size_t count = arguments_list(&cli->arguments, option, values, POLICY_MAX_USES);
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++)
		json_push_text(list, slice_of_string(values[i]));
	json_put(body, member, list);
}

enum err command_policy_explain(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *criteria;
	json_t *body;
	struct client *c;

	TRY(cli_client(&c, cli));
	body = json_object_new();
	put_list(cli, body, "right", "rights");
	put_list(cli, body, "use", "uses");
	TRY(client_call(c, &answer, "POST", model_path(cli, cli_word(cli, 0), "/criteria/try"),
			body));
	criteria = json_object_get(answer, "criteria");
	if (!json_is_object(criteria))
		return output_done(cli, answer, "the model has no published criteria");
	TRY(output_object(cli, criteria, "outcome decides nearest"));
	if (cli->json)
		return OK;
	TRY(output_table(cli, criteria, "rules", "id effect holds text"));
	return json_array_size(json_object_get(criteria, "missing"))
		       ? output_table(cli, criteria, "missing", "need href")
		       : OK;
}

/* --- replay ------------------------------------------------------------------------------- */

static enum err replay_draft(struct cli *cli, const char *model)
{
	AUTO(buf_free) struct buf text = buf_new(CRITERIA_MAX_TEXT + 1);
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body;
	struct client *c;

	TRY(read_document(&text, cli_word(cli, 0)));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "model", slice_of_string(model));
	json_put_text(body, "criteria", buf_slice(&text));
	TRY(client_call(c, &answer, "POST", "/api/v1/policy/replay", body));
	TRY(output_object(cli, answer, "model requests same gain lose other unreadable complete"));
	if (cli->json)
		return OK;
	TRY(output_table(cli, answer, "gains", "request person_name before after"));
	TRY(output_table(cli, answer, "loses", "request person_name before after"));
	return output_table(cli, answer, "changes", "request person_name before after");
}

struct sums {
	int64_t decisions, same, different, other_version, unreadable;
};

static enum err add_page(struct sums *s, const json_t *page)
{
	const struct {
		const char *name;
		int64_t *sum;
	} rows[] = {
		{"decisions", &s->decisions},   {"same", &s->same},
		{"different", &s->different},   {"other_version", &s->other_version},
		{"unreadable", &s->unreadable},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t value;

		TRY(json_get_int(&value, page, rows[i].name));
		*rows[i].sum += value;
	}
	return OK;
}

/* All of them, a page at a time. Exit 1 if one gives another answer or cannot be read. */
static enum err replay_decisions(struct cli *cli)
{
	struct sums sums = {0};
	struct slice next = S("");
	struct client *c;

	TRY(cli_client(&c, cli));
	do {
		AUTO(json_auto) json_t *page = NULL;
		json_t *body = json_object_new();

		if (next.size)
			json_put_text(body, "after", next);
		TRY(client_call(c, &page, "POST", "/api/v1/policy/replay/decisions", body));
		TRY(add_page(&sums, page));
		if (!cli->json && json_array_size(json_object_get(page, "differences")))
			TRY(output_table(cli, page, "differences",
					 "decision at then_code then_rule now_code now_rule"));
		TRY(json_get_text_or(&next, page, "next", S("")));
		next = arena_copy(&cli->arena, next);
	} while (next.size);
	if (cli->json)
		printf("{\"decisions\":%" PRId64 ",\"same\":%" PRId64 ",\"different\":%" PRId64
		       ",\"other_version\":%" PRId64 ",\"unreadable\":%" PRId64 "}\n",
		       sums.decisions, sums.same, sums.different, sums.other_version,
		       sums.unreadable);
	else
		printf("%" PRId64 " decisions: %" PRId64 " the same, %" PRId64
		       " different, %" PRId64 " of another version of the rules, %" PRId64
		       " unreadable\n",
		       sums.decisions, sums.same, sums.different, sums.other_version,
		       sums.unreadable);
	if (sums.different || sums.unreadable)
		return failure(ERR_FORGED, "not every recorded decision gives the same answer");
	return OK;
}

enum err command_policy_replay(struct cli *cli)
{
	const char *model = arguments_value(&cli->arguments, "model");

	if (arguments_flag(&cli->arguments, "decisions"))
		return replay_decisions(cli);
	if (!model || cli->arguments.word_count != 1)
		return failure(ERR_FORMAT, "policy replay FILE --model MODEL, or --decisions");
	return replay_draft(cli, model);
}

/* --- blocklist ---------------------------------------------------------------------------- */

enum err command_policy_block(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *reason;
	json_t *body;
	struct client *c;

	TRY(cli_need(&reason, cli, "reason"));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "person", slice_of_string(cli_word(cli, 1)));
	json_put_text(body, "reason", slice_of_string(reason));
	TRY(client_call(c, &answer, "POST", model_path(cli, cli_word(cli, 0), "/blocklist"), body));
	return output_object(cli, answer, "id model person reason added");
}

enum err command_policy_unblock(struct cli *cli)
{
	const char *entry = client_encode(&cli->arena, slice_of_string(cli_word(cli, 1)));
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, NULL, "DELETE",
			model_path(cli, cli_word(cli, 0),
				   arena_printf(&cli->arena, "/blocklist/%s", entry)),
			NULL));
	return output_done(cli, NULL, "the entry has ended");
}

enum err command_policy_blocklist(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", model_path(cli, cli_word(cli, 0), "/blocklist"), NULL));
	return output_table(cli, answer, "blocked", "id person person_name model reason added");
}

/* For all models. */
enum err command_person_block(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *reason, *person;
	json_t *body;
	struct client *c;

	TRY(cli_need(&reason, cli, "reason"));
	TRY(cli_client(&c, cli));
	TRY(person_id(&person, cli, c, cli_word(cli, 0)));
	body = json_object_new();
	json_put_text(body, "person", slice_of_string(person));
	json_put_text(body, "reason", slice_of_string(reason));
	TRY(client_call(c, &answer, "POST", "/api/v1/blocklist", body));
	return output_object(cli, answer, "id person reason added");
}

enum err command_person_unblock(struct cli *cli)
{
	const char *entry = client_encode(&cli->arena, slice_of_string(cli_word(cli, 0)));
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, NULL, "DELETE", arena_printf(&cli->arena, "/api/v1/blocklist/%s", entry),
			NULL));
	return output_done(cli, NULL, "the entry has ended");
}

enum err command_person_blocked(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/blocklist", NULL));
	return output_table(cli, answer, "blocked", "id person person_name reason added");
}
