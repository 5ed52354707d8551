/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-edge: reads strangers' bytes. It opens what it needs (certificate, passwords, the
 * log's directory), gives up everything else, and only then serves.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "crypto/digest.h"
#include "gateway/api/api.h"
#include "gateway/api/authorize.h"
#include "gateway/api/cors.h"
#include "gateway/api/download/porter_file.h"
#include "gateway/api/download/release.h"
#include "gateway/api/facts.h"
#include "gateway/api/infer/passes.h"
#include "gateway/api/infer/running.h"
#include "gateway/api/jobs.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/quota/quota.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/signin/oidc.h"
#include "gateway/api/slots/slots.h"
#include "gateway/api/upload/upload_keys.h"
#include "gateway/api/witness/witnesses.h"
#include "gateway/edge/client_certificate.h"
#include "gateway/edge/edge.h"
#include "policy/country_table.h"

enum { PEM_MAX = 256 * 1024 };

static enum err confine(struct process *p, struct api *api)
{
	struct confine_path paths[] = {{.rights = PATH_READ}};
	struct confinement confinement = {.paths = paths, .count = 1};

	TRY(process_open_directory(&api->log_directory, p, "log"));
	paths[0].directory = api->log_directory;
	TRY(api_workers_prepare(api, (size_t)api->settings->workers));
	return process_confine(p, &confinement);
}

static enum err start_jobs(struct jobs **out, struct api *api)
{
	struct route_context *context = api->jobs_context;
	size_t count;
	const struct job *table = jobs_table(&count);

	api->jobs_context = NULL;
	return jobs_start(out, context, table, count);
}

static enum err start_slots(struct api *api)
{
	struct route_context *context = api->slots_context;

	api->slots_context = NULL;
	return slots_start(api->slots, context);
}

/* The lease comes first and goes last: it is what requests rely on, and until the last stream has
 * ended nobody who withdraws something may overlook this edge. */
static enum err serve_leased(const struct edge_options *options, struct api *api)
{
	struct lease_options lease = withdraw_options(api);
	struct jobs *jobs = NULL;
	enum err result;

	TRY(lease_start(&api->lease, api->lease_store, &lease));
	api->lease_store = NULL;
	TRY(releases_start(api));
	TRY(start_slots(api));
	TRY(start_jobs(&jobs, api));
	result = edge_run(options);
	jobs_stop(jobs);
	slots_stop(api->slots);
	releases_stop(api);
	lease_stop(api->lease);
	return result;
}

static void greet(struct buf *headers, void *shared, const struct http_request *request)
{
	const struct api *api = shared;

	cors_write(headers, slice_of_string(api->settings->cors_origins), request);
}

/* What TLS is served with, each a PEM text. */
struct credentials {
	struct buf certificate, key, client_ca;
};

static void credentials_clear(struct credentials *c)
{
	buf_free(&c->certificate);
	buf_free(&c->key);
	buf_free(&c->client_ca);
}

static enum err read_credentials(struct credentials *out, struct api *api)
{
	const struct settings *settings = api->settings;

	TRY(file_read(&out->certificate, AT_FDCWD, settings->tls_certificate));
	TRY(file_read(&out->key, AT_FDCWD, settings->tls_key));
	if (!settings->client_ca[0])
		return OK;
	TRY(file_read(&out->client_ca, AT_FDCWD, settings->client_ca));
	return client_authorities_read(&api->client_authorities, buf_slice(&out->client_ca));
}

static enum err serve(struct process *p, struct api *api, const struct credentials *credentials)
{
	struct edge_options options = {
		.worker_new = api_worker_new,
		.worker_free = api_worker_free,
		.shared = api,
		.before = authorize_route,
		.greet = greet,
		.answering = authorize_answering,
		.is_quick = routes_is_quick,
		.problem = reply_write_problem,
		.problem_content_type = "application/problem+json",
		.ring_open = porter_file_ring,
		.porter_refused = porter_file_refuse,
		.workers = (unsigned)api->settings->workers,
		.drain_ms = (int)api->settings->drain_seconds * 1000,
	};

	TRY(process_take_listener(&options.listen_fd, p));
	TRY(rpc_start(&api->rpc, p));
	options.stop_fd = rpc_stop_fd(api->rpc);
	options.certificate = buf_slice(&credentials->certificate);
	options.key = buf_slice(&credentials->key);
	options.client_authorities = buf_slice(&credentials->client_ca);
	options.routes = routes_table(&options.route_count);
	return serve_leased(&options, api);
}

static enum err read_countries(struct api *api)
{
	AUTO(buf_free) struct buf text = buf_new(COUNTRY_TABLE_MAX_TEXT);
	const char *path = api->settings->country_table;

	if (!path[0])
		return OK;
	TRY(file_read(&text, AT_FDCWD, path));
	if (country_table_parse(&api->countries, buf_slice(&text)) == OK)
		return OK;
	return failure(ERR_FORMAT, "%s: %s", path,
		       arena_string(&(struct arena){0}, slice_of_string(failure_text())));
}

static enum err run(int argc, char **argv)
{
	AUTO(process_auto) struct process *p = NULL;
	AUTO(credentials_clear)
	struct credentials credentials = {.certificate = buf_new(PEM_MAX),
					  .key = buf_new(PEM_MAX),
					  .client_ca = buf_new(PEM_MAX)};
	static struct api api = {.keys_lock = PTHREAD_MUTEX_INITIALIZER,
				 .auditors_lock = PTHREAD_MUTEX_INITIALIZER,
				 .auditors_changed = PTHREAD_COND_INITIALIZER,
				 .hashing = HASHING_INITIALIZER,
				 .workers_lock = PTHREAD_MUTEX_INITIALIZER};

	const struct facts_options facts = {
		.limits = {.entries = FACTS_ENTRIES,
			   .bytes = FACTS_BYTES,
			   .entry_bytes = FACTS_ENTRY_BYTES},
		.epoch = api_epoch,
		.context = &api,
	};
	struct slots_options slots;

	TRY(process_start(&p, ROLE_EDGE, argc, argv));
	api.process = p;
	api.settings = process_settings(p);
	TRY(oidc_new(&api.oidc, api.settings->signin_providers_file));
	TRY(witnesses_new(&api.witnesses, api.settings->witness_policy));
	TRY(cors_check(slice_of_string(api.settings->cors_origins)));
	TRY(read_credentials(&credentials, &api));
	TRY(read_countries(&api));
	/* The same in all edges of a gateway, and in their next lives. */
	digest_hkdf(api.capability_key, sizeof api.capability_key, buf_slice(&credentials.key),
		    S(""), S("sallyport/capability/v1"));
	api.index = process_index(p);
	api.releases = releases_new();
	api.upload_keys = upload_keys_new();
	TRY(slots_options_read(&slots, api.settings, process_index(p)));
	api.slots = slots_new(&slots);
	api.passes = passes_new();
	api.cuts = cuts_new();
	api.quota = quota_new();
	api.facts = facts_new(&facts);
	api.running = running_new((unsigned)(api.settings->workers + 1) / 2);
	TRY(confine(p, &api));
	TRY(process_ready(p));
	return serve(p, &api, &credentials);
}

int main(int argc, char **argv)
{
	if (run(argc, argv) == OK)
		return EXIT_SUCCESS;
	log_error("edge.failed", "reason=\"%s\"", failure_text());
	return EXIT_FAILURE;
}
