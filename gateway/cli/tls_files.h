/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_files.h - a certificate authority of one act: it signs one server certificate, and its key
 * is forgotten at once, so that nobody can ever sign a second one with it. ECDSA P-256.
 */
#ifndef GATEWAY_CLI_TLS_FILES_H
#define GATEWAY_CLI_TLS_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/base/err.h"

enum { TLS_FILES_DAYS = 820, TLS_FILES_MAX_HOSTS = 32 };

/* Writes ca.pem (0644), server.pem (0644) and server.key (0600) into `dir`. The certificate is for
 * localhost, 127.0.0.1, ::1 and `hosts` (names or addresses). ERR_CONFLICT: they are there. */
RESULT tls_files_create(int dir, const char *const *hosts, size_t count);

/* SHA-256 of the first certificate (its DER) in a PEM file. ERR_FORMAT: there is none. */
RESULT tls_files_fingerprint(uint8_t out[32], const char *path);

#endif
