/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's approvers. With --signed: the operator's key comes into the keeper's journal at init,
 * the operator enrolls the admin's by a signature, and the admin signs for the license. */
#include "gateway/cli/demo.h"
#include "gateway/cli/sign_approval.h"

static enum err admins_person(const char **out, struct demo *d)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *persons;

	TRY(client_call(d->operator, & answer, "GET", "/api/v1/persons", NULL));
	TRY(json_get_array(&persons, answer, "persons"));
	for (size_t i = 0; i < json_array_size(persons); i++) {
		const json_t *one = json_array_get(persons, i);
		struct slice name, id;

		TRY(json_get_text(&name, one, "name"));
		TRY(json_get_text(&id, one, "id"));
		*out = arena_string(&d->arena, id);
		if (slice_equal(name, slice_of_string(demo_person_names[DEMO_ADMIN])))
			return OK;
	}
	return failure(ERR_NOT_FOUND, "the admin is not among the persons");
}

/* The operator's signature under: this key of the admin's is an approver's. */
static enum err enroll_admin(struct demo *d)
{
	AUTO(json_auto) json_t *subject = json_object_new();
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(buf_free) struct buf statement = buf_new(APPROVAL_MAX);
	struct approvers_mode mode;
	const char *person = NULL, *operators_key = NULL;
	json_t *body, *approval = NULL, *list = json_array_new();

	TRY(admins_person(&person, d));
	TRY(approvers_mode_get(&mode, &d->arena, d->operator, ""));
	TRY(user_key_find(&operators_key, &d->arena, d->operator, d->first_approver));
	json_put_text(subject, "key", slice_of_string(user_key_public(&d->arena, d->approver)));
	json_put_text(subject, "person", slice_of_string(person));
	TRY(sign_approval_compose(&statement, &mode, APPROVAL_ENROLL, subject));
	TRY(sign_approval_make(&approval, d->first_approver, operators_key, buf_slice(&statement)));
	json_push(list, approval);
	body = json_deep_copy(subject);
	json_put(body, "approvals", list);
	return client_call(d->operator, & answer, "POST", "/api/v1/approvers", body);
}

enum err demo_make_approver(struct demo *d)
{
	bool made;

	if (!d->is_signed) {
		demo_say(d,
			 "nobody: this demo has no approver's key, so that the admin's token is");
		demo_say(d,
			 "enough for an approval. With --signed the keeper asks for a signature.");
		return OK;
	}
	d->approver_path = arena_printf(&d->arena, "%s/approver.key", d->dir);
	TRY(user_key_read_or_make(&d->approver, &made, &d->arena, d->approver_path));
	TRY(user_key_enroll(&d->approver_id, &d->arena, d->clients[DEMO_ADMIN], d->approver,
			    "approver"));
	TRY(enroll_admin(d));
	demo_say(d, "the operator's key is in the keeper's journal since init");
	demo_say(d, "the operator signed: the admin's key %.16s... is an approver's, too",
		 user_key_public(&d->arena, d->approver));
	demo_say(d, "the keeper signs no license without a signature by one of these");
	return OK;
}

/* Without it first, so that the refusal is seen. */
static enum err see_refusal(struct demo *d, const char *path)
{
	enum err result = client_call(d->clients[DEMO_ADMIN], NULL, "POST", path,
				      json_object_new());

	if (result == OK)
		return failure(ERR_DENIED, "an approval without a signature was accepted");
	demo_say(d, "without a signature: %.150s", failure_text());
	return OK;
}

enum err demo_sign_approval(json_t *body, struct demo *d)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct slice statement;
	json_t *approval = NULL;
	const char *request = arena_printf(&d->arena, "/api/v1/access-requests/%s", d->request);

	if (!d->is_signed)
		return OK;
	TRY(see_refusal(d, arena_printf(&d->arena, "%s/approve", request)));
	TRY(client_call(d->clients[DEMO_ADMIN], &answer, "POST",
			arena_printf(&d->arena, "%s/statement", request), json_object_new()));
	TRY(json_get_text(&statement, answer, "statement"));
	TRY(sign_approval_make(&approval, d->approver, d->approver_id, statement));
	json_put(body, "approval", approval);
	demo_say(d, "the admin signed the statement that the license must not exceed");
	return OK;
}

enum err demo_open_model(struct demo *d, const char *model)
{
	AUTO(json_auto) json_t *subject = json_object_new();
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(buf_free) struct buf statement = buf_new(APPROVAL_MAX);
	struct client *c = d->clients[DEMO_ADMIN];
	json_t *body, *approval = NULL;
	struct approvers_mode mode;

	json_put_text(subject, "model", slice_of_string(model));
	json_put_text(subject, "gate", S("no"));
	TRY(approvers_mode_get(&mode, &d->arena, c, model));
	if (d->is_signed) {
		TRY(sign_approval_compose(&statement, &mode, APPROVAL_GATE, subject));
		TRY(sign_approval_make(&approval, d->approver, d->approver_id,
				       buf_slice(&statement)));
	}
	body = json_object_new();
	json_put_text(body, "gate", S("no"));
	if (approval)
		json_put(body, "approval", approval);
	return client_call(c, &answer, "PUT",
			   arena_printf(&d->arena, "/api/models/%s/settings", model), body);
}
