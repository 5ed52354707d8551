/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickle.h - Python pickles, in which PyTorch used to keep weights. To read one is to run a program
 * that its maker wrote; here none is ever read. They are known by their names, or by their first
 * bytes under any other name.
 */
#ifndef POLICY_PICKLE_H
#define POLICY_PICKLE_H

#include "crypto/base/slice.h"

/* So named: *.pt, *.pth, *.ckpt, *.pkl, *.pickle, pytorch_model*.bin; in any folder and case. */
bool pickle_is_named(struct slice path);

enum { PICKLE_LOOK = 512 }; /* bytes of a file's beginning that tell; fewer where it is shorter */

/* A pickle of protocol 2 or newer, or a zip archive as torch.save writes it. Those of protocols 0
 * and 1, which Python 2 wrote, have no mark of their own. */
bool pickle_begins(struct slice beginning);

#endif
