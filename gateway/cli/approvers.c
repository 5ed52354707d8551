/* SPDX-License-Identifier: Apache-2.0 */
/* Approvers, and what they sign apart from requests: who is one, how many must sign, what a model
 * opens. */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/text.h"
#include "gateway/cli/access.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/sign_approval.h"

enum { MAX_PATTERNS = 32, MAX_RIGHTS = 16, STANDING_DAYS = 365 };

enum err command_approver_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *model = arguments_value(&cli->arguments, "model");
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(
		c, &answer, "GET",
		arena_printf(&cli->arena, "/api/v1/approvers?model=%s",
			     client_encode(&cli->arena, slice_of_string(model ? model : ""))),
		NULL));
	if (!cli->json)
		TRY(output_object(cli, answer, "mode persons needed needed_for_changes note"));
	return output_table(cli, answer, "approvers", "state person_name person public key_id");
}

static enum err print_mode(struct cli *cli, const json_t *answer)
{
	return answer ? output_object(cli, answer, "mode persons needed needed_for_changes") : OK;
}

/* The public key as its owner told it, not as the gateway did. */
static enum err check_public(struct cli *cli, const char *text)
{
	AUTO(buf_free) struct buf bytes = buf_new(2 * SIGN_PUBLIC);

	if (text_read_base64(&bytes, slice_of_string(text), TEXT_BASE64) == OK &&
	    bytes.size == SIGN_PUBLIC)
		return OK;
	return cli_usage(cli,
			 "%s: a public key is base64 of %d bytes, as `sallyport key enroll` "
			 "prints it",
			 text, SIGN_PUBLIC);
}

enum err command_approver_enroll(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *subject = json_object_new();

	json_put_text(subject, "key", slice_of_string(cli_word(cli, 0)));
	json_put_text(subject, "person", slice_of_string(cli_word(cli, 1)));
	TRY(check_public(cli, cli_word(cli, 0)));
	TRY(sign_approval_act(&answer, cli,
			      (struct signed_act){.kind = APPROVAL_ENROLL,
						  .method = "POST",
						  .path = "/api/v1/approvers",
						  .model = "",
						  .subject = subject,
						  .body = json_deep_copy(subject)}));
	return print_mode(cli, answer);
}

enum err command_approver_remove(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *subject = json_object_new();

	json_put_text(subject, "key", slice_of_string(cli_word(cli, 0)));
	TRY(check_public(cli, cli_word(cli, 0)));
	TRY(sign_approval_act(&answer, cli,
			      (struct signed_act){.kind = APPROVAL_REMOVE,
						  .method = "POST",
						  .path = "/api/v1/approvers/remove",
						  .model = "",
						  .subject = subject,
						  .body = json_deep_copy(subject)}));
	return print_mode(cli, answer);
}

enum err command_approver_rule(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *model = arguments_value(&cli->arguments, "model");
	json_t *subject = json_object_new();
	uint64_t needed;

	if (!slice_to_u64(slice_of_string(cli_word(cli, 0)), APPROVAL_MAX_KEYS, &needed))
		return cli_usage(cli, "%s: 1 to %d approvers can be asked for", cli_word(cli, 0),
				 APPROVAL_MAX_KEYS);
	json_put_text(subject, "model", slice_of_string(model ? model : ""));
	json_put_int(subject, "needed", (int64_t)needed);
	TRY(sign_approval_act(&answer, cli,
			      (struct signed_act){.kind = APPROVAL_RULE,
						  .method = "PUT",
						  .path = "/api/v1/approvers/rule",
						  .model = model ? model : "",
						  .subject = subject,
						  .body = json_deep_copy(subject)}));
	return print_mode(cli, answer);
}

static json_t *text_list(const char *const *texts, size_t count)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++)
		json_push_text(list, slice_of_string(texts[i]));
	return list;
}

/* What a gate that opens by itself may give: rights, for how long, under the terms of today. */
static enum err put_criteria(json_t *subject, struct cli *cli)
{
	const char *rights[MAX_RIGHTS];
	size_t count = arguments_list(&cli->arguments, "right", rights, MAX_RIGHTS);
	const char *sha256 = arguments_value(&cli->arguments, "criteria");
	json_t *criteria = json_object_new();
	uint64_t days = STANDING_DAYS;
	struct access_terms terms;
	struct client *c;

	json_put(subject, "criteria", criteria);
	TRY(arguments_number(&days, &cli->arguments, "days", 3650));
	TRY(cli_client(&c, cli));
	TRY(access_terms_get(&terms, &cli->arena, c, cli_word(cli, 0)));
	if (count == 0) {
		rights[count++] = "infer:generate";
		rights[count++] = "weights:read";
	}
	json_put_int(criteria, "days", (int64_t)days);
	json_put(criteria, "rights", text_list(rights, count));
	json_put_text(criteria, "sha256", slice_of_string(sha256 ? sha256 : "none"));
	json_put_text(criteria, "terms_sha256",
		      slice_of_string(terms.sha256[0] ? terms.sha256
						      : "00000000000000000000000000000000"
							"00000000000000000000000000000000"));
	return OK;
}

static enum err read_gate(json_t *subject, struct cli *cli)
{
	const char *patterns[MAX_PATTERNS], *gate = cli_word(cli, 1);
	size_t count = arguments_list(&cli->arguments, "open", patterns, MAX_PATTERNS);

	json_put_text(subject, "model", slice_of_string(cli_word(cli, 0)));
	json_put_text(subject, "gate", slice_of_string(gate));
	if (count)
		json_put(subject, "open_paths", text_list(patterns, count));
	return strcmp(gate, "auto") == 0 ? put_criteria(subject, cli) : OK;
}

static bool opens(const struct cli *cli)
{
	const char *one[1];

	return strcmp(cli_word(cli, 1), "manual") != 0 ||
	       arguments_list(&cli->arguments, "open", one, 1) > 0;
}

enum err command_model_gate(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *subject = json_object_new();
	const char *path;
	struct client *c;

	TRY(read_gate(subject, cli));
	path = arena_printf(&cli->arena, "/api/models/%s/settings",
			    client_encode_path(&cli->arena, slice_of_string(cli_word(cli, 0))));
	if (opens(cli)) {
		TRY(sign_approval_act(&answer, cli,
				      (struct signed_act){.kind = APPROVAL_GATE,
							  .method = "PUT",
							  .path = path,
							  .model = cli_word(cli, 0),
							  .subject = subject,
							  .body = json_deep_copy(subject)}));
	} else { /* closing needs nobody's signature */
		TRY(cli_client(&c, cli));
		TRY(client_call(c, &answer, "PUT", path, subject));
	}
	return answer ? output_object(cli, answer, "gate open_paths hidden") : OK;
}
