/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.h - the keeper's one other life: run by hand or by `sallyport init`, it makes the keys,
 * prints what is public of them as one line of JSON, and ends. No supervisor, no channel.
 *
 *     sallyport-keeper --init DIR --origin ORIGIN [--escrow age1...]
 *                      [--init-token CREDENTIAL EXPIRES] [--approver KEY PERSON]
 *     sallyport-keeper --approver KEY PERSON --dir DIR --origin ORIGIN [--recover]
 *
 * With --init-token the line also holds the operator's first token; for that alone it may be run
 * again, as long as the log is empty.
 *
 * --approver puts an approver's key (base64) and the person it is of into the journal: the first
 * one, or, with --recover, one more where those who are there have lost theirs. The gateway must be
 * stopped (the journal's lock says so): whoever can do this has the machine, and with it all keys.
 */
#ifndef GATEWAY_KEEPER_INIT_H
#define GATEWAY_KEEPER_INIT_H

#include <stdbool.h>

bool init_is_wanted(int argc, char **argv);
int init_main(int argc, char **argv); /* the exit code: 0, 1 failed, 2 usage */

#endif
