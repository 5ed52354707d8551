/* SPDX-License-Identifier: Apache-2.0 */
/* proto.h - small SentencePiece models for tests, written byte by byte. */
#ifndef TESTS_UNIT_INFERENCE_PROTO_H
#define TESTS_UNIT_INFERENCE_PROTO_H

#include "crypto/base/buf.h"

struct proto_piece {
	const char *text; /* shorter than 100 bytes */
	float score;
	uint8_t kind;
};

/* A "trainer_spec" or "normalizer_spec" of so many bytes, from literals. */
#define PROTO_TRAINER_2(bytes) "\x12\x02" bytes
#define PROTO_TRAINER_3(bytes) "\x12\x03" bytes
#define PROTO_NORMALIZER_2(bytes) "\x1a\x02" bytes
#define PROTO_NORMALIZER_3(bytes) "\x1a\x03" bytes
#define PROTO_SLICE(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static inline void proto_write_piece(struct buf *out, const struct proto_piece *p)
{
	size_t size = strlen(p->text);
	uint32_t bits;

	memcpy(&bits, &p->score, sizeof bits);
	buf_write_u8(out, 0x0a);
	buf_write_u8(out, (uint8_t)(size + 2 + 5 + 2));
	buf_write_u8(out, 0x0a);
	buf_write_u8(out, (uint8_t)size);
	buf_write_string(out, p->text);
	buf_write_u8(out, 0x15);
	for (int i = 0; i < 4; i++)
		buf_write_u8(out, (uint8_t)(bits >> 8 * i));
	buf_write_u8(out, 0x18);
	buf_write_u8(out, p->kind);
}

#endif
