/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - the one table of settings, read from an INI file. An unknown section or name, a
 * value out of range, a setting given twice or a required one left out stops the start, with
 * the line. Secrets are named by files, never written here.
 */
#ifndef GATEWAY_PROC_SETTINGS_H
#define GATEWAY_PROC_SETTINGS_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"
#include "crypto/base/log.h"

enum { SETTINGS_MAX_TEXT = 1024, SETTINGS_MAX_FILE = 64 * 1024 };

/*
 * section, name, member, kind, default, least, most, sentence. TEXT: bounds are lengths, so
 * least 1 without a default means required. NUMBER: bounds are values. SWITCH: yes or no.
 */
/* clang-format off */
#define SETTINGS(X) \
	X(gateway,  data_dir,              data_dir,              TEXT,   "",          1, 900,        "absolute path of the directory that holds everything the gateway keeps") \
	X(gateway,  listen,                listen,                TEXT,   "127.0.0.1:8443", 3, 64,    "address:port the edge serves; [::1]:8443 for IPv6") \
	X(gateway,  origin,                origin,                TEXT,   "",          1, 128,        "origin line and key name of the log, as localhost:8443/log") \
	X(gateway,  external_url,          external_url,          TEXT,   "",          1, 512,        "the URL that clients use, without a slash at its end") \
	X(gateway,  tls_certificate,       tls_certificate,       TEXT,   "",          1, 1000,       "PEM file with the server's certificate chain") \
	X(gateway,  tls_key,               tls_key,               TEXT,   "",          1, 1000,       "PEM file with the server's private key") \
	X(gateway,  client_ca,             client_ca,             TEXT,   "",          0, 1000,       "PEM file with authorities whose certificates clients may show (institution certificate); empty: none is asked for") \
	X(gateway,  uid_base,              uid_base,              NUMBER, "61200",     1000, 65000,   "when started as root: each role runs as uid_base + its number") \
	X(gateway,  strict,                strict,                SWITCH, "no",        0, 1,          "refuse to start where the kernel grants only part of the sandbox") \
	X(gateway,  edges,                 edges,                 NUMBER, "1",         1, 16,         "number of edges: processes that serve the port together; each takes up to workers + 10 connections of the database") \
	X(gateway,  lease_seconds,         lease_seconds,         NUMBER, "2",         1, 30,         "how long an edge may serve without hearing from the database; a revocation waits no longer for one that is silent") \
	X(gateway,  release_seconds,       release_seconds,       NUMBER, "600",       5, 600,        "how long one release of a file's key serves all ranges that a client asks for") \
	X(gateway,  porters,               porters,               NUMBER, "2",         1, 16,         "number of porters: processes that seal and open files") \
	X(gateway,  pool_mib,              pool_mib,              NUMBER, "16",        1, 1024,       "memory between the edge and each porter: opened bytes on their way out") \
	X(gateway,  engines,               engines,               NUMBER, "2",         1, 16,         "number of engine slots: most models in service at one time") \
	X(gateway,  workers,               workers,               NUMBER, "48",        2, 256,        "threads of the edge that run requests; half of them may generate at a time") \
	X(gateway,  log_level,             log_level,             TEXT,   "info",      4, 5,          "error, warn, info or debug") \
	X(gateway,  request_max_bytes,     request_max_bytes,     NUMBER, "1048576",   1024, 67108864, "largest request body that is held in memory") \
	X(gateway,  engine_threads,        engine_threads,        NUMBER, "0",         0, 1024,       "threads of each engine, at most one a core; 0: one a core") \
	X(gateway,  engine_chunk,          engine_chunk,          NUMBER, "0",         0, 512,        "tokens of prompts that an engine reads in one step while it writes for others: more of them read sooner, fewer let streams flow evenly; 0: 64") \
	X(gateway,  engine_memory_mib,     engine_memory_mib,     NUMBER, "4096",      16, 4194304,   "most memory one engine may take; a model that needs more is refused; adapters get an eighth of it besides") \
	X(gateway,  engine_cache,          engine_cache,          TEXT,   "f32",       2, 3,          "how keys and values of running texts are kept: f32 (as the model computes them), f16 (half the memory, nearly as exact) or q8 (a quarter, a little less exact)") \
	X(gateway,  inference_memory_mib,  inference_memory_mib,  NUMBER, "0",         0, 67108864,   "memory for all engines together, shared out evenly among edges; 0: three quarters of what the machine (or our control group) has") \
	X(gateway,  load_wait_seconds,     load_wait_seconds,     NUMBER, "60",        1, 600,        "how long a call waits for its model to be loaded; then it is told how far that is (503)") \
	X(gateway,  drain_seconds,         drain_seconds,         NUMBER, "10",        0, 600,        "how long a stop waits for running requests") \
	X(gateway,  cors_origins,          cors_origins,          TEXT,   "",          0, 1000,       "web origins whose pages may call the gateway: https://HOST[:PORT], with spaces between; empty: none") \
	X(gateway,  country_table,         country_table,         TEXT,   "",          0, 1000,       "CSV file of networks and their countries, lines as 192.0.2.0/24,DE; empty: an address says no country") \
	X(gateway,  transparency_k,        transparency_k,        NUMBER, "5",         2, 1000,       "the public report of access names no group of fewer people") \
	X(gateway,  witness_policy,        witness_policy,        TEXT,   "",          0, 1000,       "file with the witnesses of the log, their URLs and how many are needed (C2SP tlog-policy); their hosts must be in courier.allow; empty: none") \
	X(signin,   passwords,             signin_passwords,      SWITCH, "yes",       0, 1,          "persons may sign in with a name and a password kept here") \
	X(signin,   session_idle_minutes,  signin_idle_minutes,   NUMBER, "60",        5, 10080,      "a session ends when it is not used for so long") \
	X(signin,   session_hours,         signin_hours,          NUMBER, "12",        1, 720,        "and at the latest after this") \
	X(signin,   providers_file,        signin_providers_file, TEXT,   "",          0, 1000,       "JSON file with the identity providers where persons may sign in; empty: none") \
	X(database, host,                  database_host,         TEXT,   "",          1, 255,        "socket directory (begins with a slash) or host of PostgreSQL") \
	X(database, port,                  database_port,         NUMBER, "5432",      1, 65535,      "port of PostgreSQL") \
	X(database, name,                  database_name,         TEXT,   "sallyport", 1, 63,         "name of the database") \
	X(database, edge_password_file,    edge_password_file,    TEXT,   "",          0, 1000,       "file with the password of sallyport_edge; empty: none is asked for") \
	X(database, scribe_password_file,  scribe_password_file,  TEXT,   "",          0, 1000,       "file with the password of sallyport_scribe") \
	X(database, auditor_password_file, auditor_password_file, TEXT,   "",          0, 1000,       "file with the password of sallyport_auditor") \
	X(retention, usage_months,         retention_usage_months, NUMBER, "12",       6, 1200,       "how long the log keeps what single calls, downloads and sign-ins tell; the AI Act (19, 26(6)) wants six months") \
	X(retention, record_years,         retention_record_years, NUMBER, "10",       10, 100,       "how long it keeps what all other entries tell (decisions, licenses, models ...); the AI Act (18) wants ten years") \
	X(retention, session_days,         retention_session_days, NUMBER, "30",       1, 3650,       "how long it is known where an ended session was, and which one-time codes there were") \
	X(courier,  allow,                 courier_allow,         TEXT,   "",          0, 1000,       "hosts the gateway may go to (models to import, keys of issuers, identity providers ...): HOST, HOST:PORT, *.HOST, with spaces between; empty: none") \
	X(courier,  allow_private,         courier_allow_private, SWITCH, "no",        0, 1,          "let those hosts be at loopback and private addresses, too") \
	X(courier,  ca_file,               courier_ca_file,       TEXT,   "",          0, 1000,       "PEM file with authorities to trust besides the system's") \
	X(courier,  credentials_file,      courier_credentials_file, TEXT, "",         0, 1000,       "file with what the gateway proves itself with to others, a line each: NAME HOST[:PORT] USER:PASSWORD") \
	X(courier,  hub_endpoint,          courier_hub_endpoint,  TEXT,   "https://huggingface.co", 9, 500, "what hf: stands for") \
	X(courier,  max_file_bytes,        courier_max_file_bytes, NUMBER, "1099511627776", 1, 1125899906842624, "largest file that is fetched") \
	X(courier,  max_model_bytes,       courier_max_model_bytes, NUMBER, "4398046511104", 1, 1125899906842624, "largest model that is imported: all its files together") \
	X(courier,  max_seconds,           courier_max_seconds,   NUMBER, "86400",     1, 604800,     "longest time one file may take") \
	X(courier,  stall_seconds,         courier_stall_seconds, NUMBER, "60",        1, 3600,       "give up when a host sends next to nothing for so long") \
	X(mail,     server,                mail_server,           TEXT,   "",          0, 300,        "smtp://HOST[:587] (STARTTLS) or smtps://HOST[:465]: takes our notices by mail; empty: no mail") \
	X(mail,     from,                  mail_from,             TEXT,   "",          0, 254,        "mailbox they come from, as gateway@example.org") \
	X(mail,     user,                  mail_user,             TEXT,   "",          0, 200,        "who we are to that server; empty: nobody") \
	X(mail,     password_file,         mail_password_file,    TEXT,   "",          0, 1000,       "file with the password of that user") \
	X(mail,     ca_file,               mail_ca_file,          TEXT,   "",          0, 1000,       "PEM file with authorities to trust besides the system's") \
	X(mail,     plain_loopback,        mail_plain_loopback,   SWITCH, "no",        0, 1,          "speak without TLS to a server at a loopback address")
/* clang-format on */

#define SETTING_MEMBER_TEXT(member) char member[SETTINGS_MAX_TEXT];
#define SETTING_MEMBER_NUMBER(member) int64_t member;
#define SETTING_MEMBER_SWITCH(member) bool member;
#define SETTING_MEMBER(section, name, member, kind, value, least, most, sentence) \
	SETTING_MEMBER_##kind(member)

struct settings {
	SETTINGS(SETTING_MEMBER)
};

/* ERR_FORMAT with "FILE: line N: ..." */
RESULT settings_read(struct settings *out, const char *path);

/* The same from text already read; `name` stands for the file in errors. */
RESULT settings_parse(struct settings *out, struct slice text, const char *name);

/* The table as a commented INI file: the manual, and what `init` writes. */
void settings_manual(struct buf *out);

enum log_level settings_log_level(const struct settings *s);

/* Is the database reached by TCP (true), or by a socket in a directory? */
bool settings_database_is_remote(const struct settings *s);

#endif
