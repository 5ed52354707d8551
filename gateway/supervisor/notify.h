/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - tells whoever started us that the whole family is ready. */
#ifndef GATEWAY_SUPERVISOR_NOTIFY_H
#define GATEWAY_SUPERVISOR_NOTIFY_H

/*
 * Writes "READY=1\n" to ready_fd (-1: none) and closes it; sends "READY=1" to the service
 * manager that NOTIFY_SOCKET names, if there is one (sd_notify(3)). A failure is logged only.
 */
void notify_ready(int ready_fd);

#endif
