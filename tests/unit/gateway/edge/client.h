/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - a raw TLS client for tests: sends exactly the bytes it is told to, and reads what
 * comes until there is enough or nothing more.
 */
#ifndef TESTS_UNIT_GATEWAY_EDGE_CLIENT_H
#define TESTS_UNIT_GATEWAY_EDGE_CLIENT_H

#include "crypto/base/buf.h"

struct client;

/* A key and a certificate for "localhost", both PEM, made on the spot. */
void client_make_certificate(struct buf *certificate, struct buf *key);

struct client *client_new(int port);    /* connected, handshake done; stops the test if it fails */
struct client *client_new_h2(int port); /* the same, with the protocol "h2" */
void client_free(struct client *c);     /* closes; NULL is fine */
AUTO_POINTER(client)

void client_send(struct client *c, struct slice bytes);

/* Until `text` stands in what was received since the last call, or the end. False: the end. */
bool client_expect(struct client *c, const char *text);

/* Once. 1: got some; 0: a proper end; -1: cut off. */
int client_receive(struct client *c);

/* Until the end; true if the end was a proper close_notify. */
bool client_read_all(struct client *c);
const char *client_text(struct client *c); /* all received since the last client_forget() */
size_t client_size(const struct client *c);
void client_forget(struct client *c);

#endif
