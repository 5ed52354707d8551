/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h - where to and as whom: the saved login, a file of mode 0600 in
 * ${XDG_CONFIG_HOME:-~/.config}/sallyport/login.json; and the folders for what the CLI keeps.
 */
#ifndef GATEWAY_CLI_LOGIN_H
#define GATEWAY_CLI_LOGIN_H

#include "crypto/base/arena.h"
#include "crypto/base/err.h"

struct login {
	const char *url; /* NULL: not known, as for the others */
	const char *ca;
	const char *token;
};

/* "$XDG_CONFIG_HOME/sallyport" or "$HOME/.config/sallyport"; ERR_NOT_FOUND without a home. */
RESULT login_config_folder(const char **out, struct arena *arena);
RESULT login_state_folder(const char **out, struct arena *arena); /* XDG_STATE_HOME */

/* ERR_NOT_FOUND: there is no file. ERR_DENIED: others can read it. */
RESULT login_read(struct login *out, struct arena *arena, const char *path);
RESULT login_write(const struct login *login, const char *path); /* makes the folder, 0700 */

#endif
