/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the operator's log: one event a line on standard error, a dotted name and fields.
 * It may be lost; what must not be lost is an audit event. Never a secret, token or prompt.
 *
 *     log_info("child.started", "role=%s pid=%d", name, pid);
 *     2026-01-02T03:04:05.678Z info keeper child.started role=edge pid=123
 */
#ifndef CRYPTO_BASE_LOG_H
#define CRYPTO_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Once at start, before any thread: who speaks, and the least important level shown. */
void log_start(const char *who, enum log_level level);

void log_error(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
