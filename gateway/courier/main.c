/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-courier: connections to other people's machines, and nothing else. What libcurl and
 * the resolver would read from files later is read before the sandbox.
 */
#define _GNU_SOURCE /* O_PATH */
#include <curl/curl.h>
#include <fcntl.h>
#include <netdb.h>
#include <nss.h>
#include <resolv.h>
#include <stdlib.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/courier/credentials.h"
#include "gateway/courier/serve.h"
#include "gateway/courier/target.h"

enum { AUTHORITIES_MAX = 4 * 1024 * 1024, PASSWORD_MAX = 1024, NAME_FILES = 2 };

static void loop_auto(struct loop **l)
{
	loop_free(*l);
}

/* The system's authorities (where there are any), and the operator's. */
static enum err read_authorities(struct buf *out, const struct settings *s)
{
	const char *system = curl_version_info(CURLVERSION_NOW)->cainfo;

	if (!s->courier_allow[0] && !s->mail_server[0])
		return OK;
	if (system && file_read(out, AT_FDCWD, system) != OK)
		log_warn("courier.authorities", "why=\"%s\"", failure_text());
	buf_write_string(out, "\n");
	if (s->courier_ca_file[0])
		TRY(file_read(out, AT_FDCWD, s->courier_ca_file));
	return buf_done(out);
}

/* What is trusted for the mail server alone stands behind what is trusted for all. */
static enum err read_mail_rules(struct mail_rules *out, struct buf *authorities,
				struct buf *password, const struct settings *s,
				const struct buf *common)
{
	*out = (struct mail_rules){.server = slice_of_string(s->mail_server),
				   .from = slice_of_string(s->mail_from),
				   .user = slice_of_string(s->mail_user),
				   .allow_plain_loopback = s->mail_plain_loopback};
	buf_write(authorities, buf_slice(common));
	buf_write_string(authorities, "\n");
	if (s->mail_ca_file[0])
		TRY(file_read(authorities, AT_FDCWD, s->mail_ca_file));
	if (s->mail_password_file[0])
		TRY(file_read(password, AT_FDCWD, s->mail_password_file));
	TRY(buf_done(authorities));
	out->authorities = buf_slice(authorities);
	out->password = slice_part(buf_slice(password), 0, slice_find(buf_slice(password), '\n'));
	return mail_rules_check(out);
}

static enum err read_credentials(struct buf *out, const struct settings *s)
{
	if (s->courier_credentials_file[0])
		TRY(file_read(out, AT_FDCWD, s->courier_credentials_file));
	return credentials_check(buf_slice(out));
}

/* Names by /etc/hosts and DNS only: other sources are foreign code that would be loaded later,
 * and a cache daemon's socket. */
static enum err prepare_names(void)
{
	if (__nss_configure_lookup("hosts", "files dns") != 0 || res_init() != 0)
		return failure_errno("names cannot be looked up");
	return OK;
}

/* The two files that a look-up reads, as far as they are there. */
static enum err confine(struct process *p)
{
	static const char *const names[NAME_FILES] = {"/etc/hosts", "/etc/resolv.conf"};
	struct confine_path paths[NAME_FILES];
	struct confinement confinement = {.paths = paths};
	enum err result;

	for (size_t i = 0; i < NAME_FILES; i++) {
		int fd = open(names[i], O_PATH | O_CLOEXEC);

		if (fd >= 0)
			paths[confinement.count++] = (struct confine_path){fd, PATH_FILE};
	}
	result = process_confine(p, &confinement);
	for (size_t i = 0; i < confinement.count; i++)
		file_close(&paths[i].directory);
	return result;
}

static struct fetch_rules rules_of(const struct settings *s, const struct buf *authorities,
				   const struct buf *credentials)
{
	return (struct fetch_rules){
		.guard = {.allow = slice_of_string(s->courier_allow),
			  .allow_private = s->courier_allow_private,
			  .authorities = buf_slice(authorities),
			  .credentials = buf_slice(credentials),
			  .stall_seconds = (long)s->courier_stall_seconds},
		.most = (uint64_t)s->courier_max_file_bytes,
		.max_seconds = (long)s->courier_max_seconds,
	};
}

/* Transfers that run at the end are cut off by the end; so nothing is freed here. */
static enum err run(int argc, char **argv)
{
	static struct fetch_rules rules;
	static struct mail_rules mail_rules;
	AUTO(process_auto) struct process *p = NULL;
	AUTO(buf_free) struct buf authorities = buf_new(AUTHORITIES_MAX);
	AUTO(buf_free) struct buf credentials = buf_new(CREDENTIALS_MAX_FILE);
	AUTO(buf_free) struct buf mail_authorities = buf_new(AUTHORITIES_MAX);
	AUTO(buf_free) struct buf password = buf_new(PASSWORD_MAX);
	AUTO(loop_auto) struct loop *loop = NULL;
	struct loop_handlers handlers = {.frame = serve_frame, .peer = serve_peer};

	TRY(process_start(&p, ROLE_COURIER, argc, argv));
	TRY(target_check_list(slice_of_string(process_settings(p)->courier_allow)));
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return failure(ERR_INTERNAL, "libcurl does not start");
	TRY(read_authorities(&authorities, process_settings(p)));
	TRY(read_credentials(&credentials, process_settings(p)));
	TRY(read_mail_rules(&mail_rules, &mail_authorities, &password, process_settings(p),
			    &authorities));
	TRY(prepare_names());
	TRY(confine(p));
	rules = rules_of(process_settings(p), &authorities, &credentials);
	handlers.context = serve_new(&rules, &mail_rules);
	TRY(loop_new(&loop, p, &handlers));
	TRY(process_ready(p));
	TRY(loop_run(loop));
	exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
	if (run(argc, argv) == OK)
		return EXIT_SUCCESS;
	log_error("courier.stopped", "why=\"%s\"", failure_text());
	return EXIT_FAILURE;
}
