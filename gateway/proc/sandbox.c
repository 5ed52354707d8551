/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/proc/sandbox.h"

#include <errno.h>
#include <unistd.h>

static void release(const scmp_filter_ctx *filter)
{
	seccomp_release(*filter);
}

static int allow_if(scmp_filter_ctx filter, const struct sandbox_call *row, uint64_t mask,
		    uint64_t value)
{
	struct scmp_arg_cmp test = {
		.arg = row->argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, row->call, 1, &test);
}

static int refuse_if(scmp_filter_ctx filter, const struct sandbox_call *row)
{
	struct scmp_arg_cmp test = {.arg = row->argument,
				    .op = SCMP_CMP_MASKED_EQ,
				    .datum_a = UINT32_MAX,
				    .datum_b = row->value};

	return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((uint16_t)row->mask), row->call, 1,
				      &test);
}

static int add_call(scmp_filter_ctx filter, const struct sandbox_call *row, bool inet)
{
	switch (row->shape) {
	case SANDBOX_ANY:
		return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, row->call, 0, NULL);
	case SANDBOX_IF:
		return allow_if(filter, row, row->mask, row->value);
	case SANDBOX_SELF:
		return allow_if(filter, row, UINT32_MAX, (uint64_t)getpid());
	case SANDBOX_INET:
		return inet ? allow_if(filter, row, row->mask, row->value) : 0;
	case SANDBOX_REFUSE:
		return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((uint16_t)row->value),
					      row->call, 0, NULL);
	case SANDBOX_REFUSE_IF:
		return refuse_if(filter, row);
	}
	return -EINVAL;
}

static enum err add_page(scmp_filter_ctx filter, const struct sandbox_page *page, bool inet)
{
	for (size_t i = 0; i < page->count; i++) {
		int result = add_call(filter, &page->calls[i], inet);

		/* The same rule on two pages is fine; so is a call this architecture lacks. */
		if (result == 0 || result == -EEXIST || result == -EDOM)
			continue;
		errno = -result;
		return failure_errno("seccomp: call %d cannot be listed", page->calls[i].call);
	}
	return OK;
}

static const struct sandbox_page *page_of(enum role role)
{
	switch (role) {
	case ROLE_EDGE:
		return &sandbox_edge;
	case ROLE_KEEPER:
		return &sandbox_keeper;
	case ROLE_SCRIBE:
		return &sandbox_scribe;
	case ROLE_PORTER:
		return &sandbox_porter;
	case ROLE_ENGINE:
		return &sandbox_engine;
	case ROLE_COURIER:
		return &sandbox_courier;
	case ROLE_SUPERVISOR: /* sandbox_restrict_family */
		return NULL;
	}
	return NULL;
}

static enum err load(scmp_filter_ctx filter)
{
	int result = seccomp_load(filter);

	if (result == 0)
		return OK;
	errno = -result;
	if (result == -EACCES || result == -ECANCELED) /* the library's word for the kernel's no */
		return failure(ERR_UNSUPPORTED, "seccomp: root may not switch it on here");
	return failure_errno("seccomp: cannot be switched on");
}

enum err sandbox_restrict(enum role role, bool inet)
{
	AUTO(release) scmp_filter_ctx filter = seccomp_init(sandbox_build_action());
	const struct sandbox_page *page = page_of(role);

	if (!filter || !page)
		return failure(ERR_INTERNAL, "seccomp: no list for %s", role_name(role));
	TRY(add_page(filter, page, inet));
	TRY(add_page(filter, &sandbox_common, inet));
	TRY(add_page(filter, &sandbox_build, inet));
	return load(filter);
}

enum err sandbox_restrict_family(bool is_root)
{
	AUTO(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter)
		return failure(ERR_INTERNAL, "seccomp: no list for the supervisor");
	if (seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, !is_root) != 0)
		return failure(ERR_INTERNAL, "seccomp: no_new_privs cannot be chosen");
	TRY(add_page(filter, &sandbox_supervisor, false));
	return load(filter);
}
