/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - every subcommand: name, words, options, how many words, summary, function. The
 * table makes the dispatch, the usage and the prototypes; each function stands in the file that
 * is named after its subject.
 */
#ifndef GATEWAY_CLI_COMMANDS_H
#define GATEWAY_CLI_COMMANDS_H

#include "gateway/cli/cli.h"

/* clang-format off */
#define COMMANDS(X) \
	X("init",            "",                "dir= listen= database= url-for-clients= host=+ certificate= key= escrow=", 0, 0, "make the data directory, keys, database and first operator", command_init) \
	X("migrate",         "",                "database=",                              0, 0, "bring the database to this program's schema",           command_migrate) \
	X("serve",           "",                "config=",                                0, 0, "run the gateway",                                       command_serve) \
	X("demo",            "",                "dir= port= once model= terms=",          0, 0, "show the main job from end to end on this machine",     command_demo)
/* clang-format on */

#define COMMAND_PROTOTYPE(name, words, options, least, most, summary, run) command_fn run;
COMMANDS(COMMAND_PROTOTYPE)
#undef COMMAND_PROTOTYPE

#endif
