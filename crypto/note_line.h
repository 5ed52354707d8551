/* SPDX-License-Identifier: Apache-2.0 */
/*
 * note_line.h - how a signature line of a note begins: an em dash and a space.
 */
#ifndef CRYPTO_NOTE_LINE_H
#define CRYPTO_NOTE_LINE_H

#define NOTE_LINE_START S("\xe2\x80\x94 ")

#endif
