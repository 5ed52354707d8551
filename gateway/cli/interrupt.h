/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interrupt.h - Ctrl-C (and SIGTERM) while something is under way that shall end in order. A
 * second one ends the process at once.
 */
#ifndef GATEWAY_CLI_INTERRUPT_H
#define GATEWAY_CLI_INTERRUPT_H

#include <stdbool.h>

void interrupt_catch(void);
bool interrupt_came(void); /* a client_stop_fn */

#endif
