/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - the one list of what our processes may say to each other.
 *
 * A message that the table does not allow from this sender to this receiver, with this many
 * bytes and descriptors, is ERR_DENIED, and the receiver closes the channel it came by. Whoever
 * is not joined by a row has no channel at all (wire_may_speak).
 */
#ifndef SCHEMA_WIRE_MESSAGE_H
#define SCHEMA_WIRE_MESSAGE_H

#include "crypto/base/err.h"
#include "schema/wire/role.h"

/*
 * Calls are answered by the reply of their name, or by FAIL, with the call's own number. Parts
 * come before the reply of a call, any number of them. Notes are not answered; their number is 0.
 */
enum wire_kind { WIRE_CALL, WIRE_REPLY, WIRE_PART, WIRE_NOTE };

/* What each field may hold at most; both directions of every pair refuse more. */
enum {
	WIRE_FRAME_HEADER = 8,
	WIRE_MAX_FRAME = 128 * 1024,
	WIRE_MAX_BODY = WIRE_MAX_FRAME - WIRE_FRAME_HEADER,
	WIRE_ID = 16,
	WIRE_DIGEST = 32,
	WIRE_SIGNATURE = 64,
	WIRE_FILE_KEY = 16,
	WIRE_MAX_CODE = 48,
	WIRE_MAX_TEXT = 512,
	WIRE_MAX_MODEL = 256,
	WIRE_MAX_REVISION = 64,
	WIRE_MAX_RIGHT = 32,
	WIRE_MAX_PATH = 1024,
	WIRE_MAX_HEADER = 16 * 1024, /* a sealed file's age header */
	WIRE_MAX_LICENSE = 32 * 1024,
	WIRE_MAX_TOKEN = 160,
	WIRE_MAX_ISS = 512, /* the address of a gateway */
	WIRE_MAX_JWKS = 1024,
	WIRE_MAX_VISA = 8 * 1024,
	WIRE_MAX_URL = 4096,
	WIRE_MAX_ADDRESS = 254, /* of a mailbox, RFC 5321 */
	WIRE_MAX_MAIL = 64 * 1024,
	WIRE_MAX_SECRET = 1024, /* a token of somebody else's gateway */
	WIRE_MAX_CALL_HEADERS = 16 * 1024,
	WIRE_MAX_CREDENTIAL = 64, /* the name of one */
	WIRE_MAX_CALL_BODY = 256 * 1024,
	WIRE_MAX_CALL_ANSWER = 1024 * 1024,
	WIRE_MAX_CALL_ANSWER_HEADERS = 8 * 1024,
	WIRE_MAX_CALL_MS = 120 * 1000,
	WIRE_MAX_VKEY = 256,
	WIRE_MAX_ORIGIN = 256, /* the name of the log */
	WIRE_MAX_RECIPIENT = 128,
	WIRE_MAX_CHECKPOINT = 8 * 1024,
	WIRE_MAX_NOTE = 32 * 1024, /* of a report */
	WIRE_MAX_LEAF = 4 * 1024,
	WIRE_MAX_PAYLOAD = 96 * 1024,
	WIRE_MAX_LOG_ENTRIES = 256,
	WIRE_MAX_CONFIG = 64 * 1024,
	WIRE_MAX_PROMPT = 96 * 1024,
	WIRE_MAX_GRAMMAR = 32 * 1024,
	WIRE_MAX_ENGINE_FILES = 256,
	WIRE_MAX_ADAPTER_FILES = 2,
	WIRE_MAX_STOPS = 4,
	WIRE_MAX_STOP = 256,
	WIRE_MAX_BIASES = 300,
	WIRE_MAX_STOP_TOKENS = 16,
	WIRE_MAX_PIECES = 4096,       /* tokens in one ENGINE_TOKENS */
	WIRE_MAX_TASKS = 64,          /* names of what a model can be asked for */
	WIRE_MAX_INPUTS = 64,         /* texts of one ENGINE_EMBED */
	WIRE_MAX_VECTORS = 64 * 1024, /* bytes of values in one ENGINE_VECTORS */
	WIRE_MAX_LOOKS = 64,          /* reads and lenses of one ENGINE_LOOK */
	WIRE_MAX_LOOK_RANGES = 32,    /* of positions, of one of them */
	WIRE_MAX_LOOK_HEADS = 64,
	WIRE_MAX_LOOK_INPUT = 64 * 1024,
	WIRE_MAX_POINT = 64,  /* the name of a point inside a model */
	WIRE_MAX_PIECE = 256, /* the bytes of one token */
	WIRE_MAX_TOKENS = 16, /* tokens in one ENGINE_DELTA */
	WIRE_MAX_TOP = 20,    /* alternatives of one token */
	WIRE_PASS_SECONDS = 60,
	WIRE_MAX_PARTS = 1024, /* of one upload */
	WIRE_MAX_DOCUMENT = 40 * 1024,
	WIRE_PUBLIC = 32, /* an Ed25519 key */
	WIRE_MAX_APPROVALS = 8,
	WIRE_MAX_STATEMENT = 9 * 1024, /* that an approver signed */
	WIRE_MAX_LICENSE_SIGN = 116 * 1024,
};

/* Rows are grouped by channel; the high byte of the number is the group. */
/* clang-format off */
#define MESSAGES(X) \
	/* name             number  kind        from               to                    body ceiling           fd  what it needs */ \
	X(FAIL,             0x0001, WIRE_REPLY, WIRE_SERVERS,      WIRE_CLIENTS,         9 + WIRE_MAX_CODE + WIRE_MAX_TEXT, 0, "a call that waits for it") \
	X(PEER,             0x0101, WIRE_NOTE,  ROLE_SET_SUPERVISOR, WIRE_CHILDREN,      2,                     1,  "a pair the table joins") \
	X(PEER_GONE,        0x0102, WIRE_NOTE,  ROLE_SET_SUPERVISOR, WIRE_CHILDREN,      2,                     0,  "nothing") \
	X(STOP,             0x0103, WIRE_NOTE,  ROLE_SET_SUPERVISOR, WIRE_CHILDREN,      0,                     0,  "nothing") \
	X(LISTENER,         0x0104, WIRE_NOTE,  ROLE_SET_SUPERVISOR, ROLE_SET_EDGE,      0,                     1,  "before the first PEER") \
	X(READY,            0x0105, WIRE_NOTE,  WIRE_CHILDREN,     ROLE_SET_SUPERVISOR,  0,                     0,  "the sandbox is on") \
	X(PEER_REFUSED,     0x0106, WIRE_NOTE,  WIRE_CHILDREN,     ROLE_SET_SUPERVISOR,  2,                     0,  "the peer broke this table; it is ended and starts anew") \
	X(KEEPER_HELLO,     0x0201, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      0,                     0,  "nothing") \
	X(KEEPER_KEYS,      0x0202, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        1024,                  0,  "KEEPER_HELLO") \
	X(KEY_CREATE,       0x0203, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      64,                    0,  "an appended key.create") \
	X(KEY_CREATED,      0x0204, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        4 + WIRE_MAX_HEADER,   0,  "KEY_CREATE; SEAL_KEY sent first") \
	X(KEY_BIND,         0x0205, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      20 * 1024,             0,  "an appended model.commit naming the file") \
	X(KEY_BOUND,        0x0206, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        4 + WIRE_MAX_HEADER,   0,  "KEY_BIND") \
	X(KEY_RELEASE,      0x0207, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      56 * 1024,             0,  "an appended, fresh, unused key.release or model.serve") \
	X(KEY_RELEASED,     0x0208, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        0,                     0,  "KEY_RELEASE; HANDLE_KEY sent first") \
	X(LICENSE_SIGN,     0x0209, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      WIRE_MAX_LICENSE_SIGN, 0,  "an appended license.issue with its digest; approvals, where there are approvers") \
	X(LICENSE_SIGNED,   0x020a, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        WIRE_SIGNATURE,        0,  "LICENSE_SIGN") \
	X(TOKEN_SIGN,       0x020b, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      64,                    0,  "an appended token.create") \
	X(TOKEN_SIGNED,     0x020c, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        4 + WIRE_MAX_TOKEN,    0,  "TOKEN_SIGN") \
	X(PASS_ISSUE,       0x020d, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      36 * 1024,             0,  "an appended, fresh, unused infer.pass") \
	X(PASS_ISSUED,      0x020e, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        0,                     0,  "PASS_ISSUE; ENGINE_PASS sent first") \
	X(KEY_RESUME,       0x0220, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      20 * 1024,             0,  "an appended key.resume naming the header") \
	X(KEY_RESUMED,      0x0221, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        0,                     0,  "KEY_RESUME; SEAL_KEY sent first") \
	X(SEAL_KEY,         0x0222, WIRE_NOTE,  ROLE_SET_KEEPER,   ROLE_SET_PORTER,      8 + WIRE_FILE_KEY,     0,  "nothing; a key to seal with, never to open for the edge") \
	X(APPROVER_CHECK,   0x0230, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      8 + WIRE_MAX_CODE + WIRE_MAX_PAYLOAD, 0, "nothing; would this entry have its effect?") \
	X(APPROVER_CHECKED, 0x0231, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        0,                     0,  "APPROVER_CHECK; it would") \
	X(LICENSE_CHECK,    0x0232, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      WIRE_MAX_LICENSE_SIGN, 0,  "nothing; would LICENSE_SIGN be answered, given its entry?") \
	X(LICENSE_CHECKED,  0x0233, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        0,                     0,  "LICENSE_CHECK; it would") \
	X(APPROVERS,        0x0234, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      4 + WIRE_MAX_MODEL,    0,  "nothing") \
	X(APPROVERS_ARE,    0x0235, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        12 + WIRE_MAX_ORIGIN,  0,  "APPROVERS") \
	X(VISA_KEYS,        0x0240, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      0,                     0,  "nothing") \
	X(VISA_KEYS_ARE,    0x0241, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        4 + WIRE_MAX_JWKS,     0,  "VISA_KEYS") \
	X(VISA_SIGN,        0x0242, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      36 * 1024,             0,  "an appended, fresh, unused visa.issue") \
	X(VISA_SIGNED,      0x0243, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        4 + WIRE_MAX_VISA,     0,  "VISA_SIGN") \
	X(DOCUMENT_SIGN,    0x0260, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      96 * 1024,             0,  "an appended license.checkout, license.export or status.publish with its digest") \
	X(DOCUMENT_SIGNED,  0x0261, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        WIRE_SIGNATURE,        0,  "DOCUMENT_SIGN") \
	X(ENGINE_ADAPTS,    0x0270, WIRE_NOTE,  ROLE_SET_KEEPER,   ROLE_SET_ENGINE,      4 + WIRE_MAX_MODEL + WIRE_ID, 0, "before each HANDLE_KEY of an adapter's file") \
	X(REPORT_SIGN,      0x0290, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      WIRE_ID,               0,  "an appended, fresh, unused report.make") \
	X(REPORT_SIGNED,    0x0291, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        4 + WIRE_MAX_NOTE,     0,  "REPORT_SIGN") \
	X(ENTRY_REDUCE,     0x0280, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_KEEPER,      8 + WIRE_MAX_LEAF + WIRE_DIGEST + WIRE_MAX_PAYLOAD, 0, "nothing; what stays of an entry that is to be erased") \
	X(ENTRY_REDUCED,    0x0281, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_EDGE,        4 + WIRE_MAX_PAYLOAD + WIRE_DIGEST, 0, "ENTRY_REDUCE; a seal that only the keeper knows") \
	X(LOG_STATE,        0x0301, WIRE_CALL,  ROLE_SET_SCRIBE,   ROLE_SET_KEEPER,      0,                     0,  "nothing") \
	X(LOG_STATE_IS,     0x0302, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_SCRIBE,      8 + WIRE_DIGEST,       0,  "LOG_STATE") \
	X(LOG_APPEND,       0x0303, WIRE_CALL,  ROLE_SET_SCRIBE,   ROLE_SET_KEEPER,      WIRE_MAX_BODY,         0,  "first = the keeper's size; none: sign the tree as it is") \
	X(LOG_APPENDED,     0x0304, WIRE_REPLY, ROLE_SET_KEEPER,   ROLE_SET_SCRIBE,      12 + WIRE_MAX_CHECKPOINT, 0, "LOG_APPEND; the journal is on disk") \
	X(SCRIBE_AWAIT,     0x0401, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_SCRIBE,      WIRE_ID,               0,  "the event is in the outbox") \
	X(SCRIBE_PUBLISHED, 0x0402, WIRE_REPLY, ROLE_SET_SCRIBE,   ROLE_SET_EDGE,        16,                    0,  "SCRIBE_AWAIT; its checkpoint is published") \
	X(SCRIBE_WAKE,      0x0403, WIRE_NOTE,  ROLE_SET_EDGE,     ROLE_SET_SCRIBE,      0,                     0,  "nothing") \
	X(PORTER_SEAL,      0x0501, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_PORTER,      33,                    1,  "SEAL_KEY with its handle; a pipe to read") \
	X(PORTER_SEALED,    0x0502, WIRE_REPLY, ROLE_SET_PORTER,   ROLE_SET_EDGE,        64,                    0,  "PORTER_SEAL; fsynced under its final name") \
	X(PORTER_OPEN,      0x0503, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_PORTER,      64,                    0,  "HANDLE_KEY with its handle; a ring") \
	X(PORTER_OPENED,    0x0504, WIRE_REPLY, ROLE_SET_PORTER,   ROLE_SET_EDGE,        16,                    0,  "PORTER_OPEN; the length is authentic") \
	X(PORTER_DROP,      0x0505, WIRE_NOTE,  ROLE_SET_EDGE,     ROLE_SET_PORTER,      8,                     0,  "nothing") \
	X(PORTER_DISCARD,   0x0506, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_PORTER,      WIRE_ID,               0,  "nothing") \
	X(PORTER_DISCARDED, 0x0507, WIRE_REPLY, ROLE_SET_PORTER,   ROLE_SET_EDGE,        0,                     0,  "PORTER_DISCARD") \
	X(PORTER_COPY,      0x0508, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_PORTER,      WIRE_ID,               0,  "a ring; the sealed bytes, no key") \
	X(PORTER_COPIED,    0x0509, WIRE_REPLY, ROLE_SET_PORTER,   ROLE_SET_EDGE,        16,                    0,  "PORTER_COPY") \
	X(PORTER_JOIN,      0x0520, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_PORTER,      42 + WIRE_MAX_PARTS * WIRE_ID, 0, "SEAL_KEY with its handle") \
	X(PORTER_JOINED,    0x0521, WIRE_REPLY, ROLE_SET_PORTER,   ROLE_SET_EDGE,        64,                    0,  "PORTER_JOIN; fsynced under its final name") \
	X(PORTER_RING,      0x0510, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_PORTER,      0,                     1,  "nothing; a channel for the RING messages, in place of the one before") \
	X(PORTER_RINGED,    0x0511, WIRE_REPLY, ROLE_SET_PORTER,   ROLE_SET_EDGE,        0,                     0,  "PORTER_RING; RING_POOL sent first") \
	X(RING_POOL,        0x0512, WIRE_NOTE,  ROLE_SET_PORTER,   ROLE_SET_EDGE,        8,                     1,  "the first on a ring; sealed memory of that size") \
	X(RING_FILL,        0x0513, WIRE_NOTE,  ROLE_SET_EDGE,     ROLE_SET_PORTER,      24,                    0,  "a transfer of this ring; a segment with no fill under way") \
	X(RING_FILLED,      0x0514, WIRE_NOTE,  ROLE_SET_PORTER,   ROLE_SET_EDGE,        13,                    0,  "RING_FILL; every byte is authentic") \
	X(RING_CLOSE,       0x0515, WIRE_NOTE,  ROLE_SET_EDGE,     ROLE_SET_PORTER,      8,                     0,  "nothing; an unknown transfer is ignored") \
	X(HANDLE_KEY,       0x0601, WIRE_NOTE,  ROLE_SET_KEEPER,   ROLE_SET_PORTER | ROLE_SET_ENGINE, 8 + WIRE_FILE_KEY, 0, "nothing") \
	X(ENGINE_SERVES,    0x0602, WIRE_NOTE,  ROLE_SET_KEEPER,   ROLE_SET_ENGINE,      8 + WIRE_MAX_MODEL + WIRE_MAX_REVISION, 0, "before each HANDLE_KEY to an engine") \
	X(ENGINE_PASS,      0x0603, WIRE_NOTE,  ROLE_SET_KEEPER,   ROLE_SET_ENGINE,      17 + WIRE_ID + WIRE_MAX_MODEL + WIRE_MAX_RIGHT, 0, "nothing") \
	X(CORES,            0x0781, WIRE_NOTE,  ROLE_SET_SUPERVISOR, ROLE_SET_ENGINE,    4,                     0,  "nothing; from the next step on") \
	X(AT_WORK,          0x0782, WIRE_NOTE,  ROLE_SET_ENGINE,   ROLE_SET_SUPERVISOR,  1,                     0,  "READY") \
	X(ENGINE_FORGET,    0x0780, WIRE_NOTE,  ROLE_SET_KEEPER,   ROLE_SET_ENGINE,      WIRE_ID,               0,  "nothing; an unknown license is ignored") \
	X(ENGINE_CHECK,     0x0701, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      4 + WIRE_MAX_CONFIG,   0,  "nothing") \
	X(ENGINE_CHECKED,   0x0702, WIRE_REPLY, ROLE_SET_ENGINE,   ROLE_SET_EDGE,        4 + WIRE_MAX_TASKS,    0,  "ENGINE_CHECK") \
	X(ENGINE_LOAD,      0x0703, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      WIRE_MAX_BODY,         0,  "an empty slot; HANDLE_KEY for every handle") \
	X(ENGINE_LOADING,   0x0734, WIRE_PART,  ROLE_SET_ENGINE,   ROLE_SET_EDGE,        16,                    0,  "ENGINE_LOAD") \
	X(ENGINE_LOADED,    0x0704, WIRE_REPLY, ROLE_SET_ENGINE,   ROLE_SET_EDGE,        12,                    0,  "ENGINE_LOAD") \
	X(ENGINE_GENERATE,  0x0705, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      WIRE_MAX_BODY,         0,  "a loaded model; ENGINE_PASS with its pass") \
	X(ENGINE_DELTA,     0x0706, WIRE_PART,  ROLE_SET_ENGINE,   ROLE_SET_EDGE,        WIRE_MAX_BODY,         0,  "ENGINE_GENERATE") \
	X(ENGINE_DONE,      0x0707, WIRE_REPLY, ROLE_SET_ENGINE,   ROLE_SET_EDGE,        13,                    0,  "ENGINE_GENERATE") \
	X(ENGINE_CANCEL,    0x0708, WIRE_NOTE,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      4,                     0,  "nothing; an unknown call is ignored") \
	X(ENGINE_UNLOAD,    0x0709, WIRE_NOTE,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      0,                     0,  "nothing; the slot exits and starts anew") \
	X(ENGINE_TOKENIZE,  0x0718, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      22 + WIRE_MAX_PROMPT,  0,  "a loaded model; ENGINE_PASS with its pass") \
	X(ENGINE_TOKENS,    0x0719, WIRE_REPLY, ROLE_SET_ENGINE,   ROLE_SET_EDGE,        WIRE_MAX_BODY,         0,  "ENGINE_TOKENIZE") \
	X(ENGINE_DETOKENIZE, 0x071a, WIRE_CALL, ROLE_SET_EDGE,     ROLE_SET_ENGINE,      12 + WIRE_MAX_PROMPT,  0,  "a loaded model; ENGINE_PASS with its pass") \
	X(ENGINE_TEXT,      0x071b, WIRE_REPLY, ROLE_SET_ENGINE,   ROLE_SET_EDGE,        4 + WIRE_MAX_PROMPT,   0,  "ENGINE_DETOKENIZE") \
	X(ENGINE_EMBED,     0x0710, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      WIRE_MAX_BODY,         0,  "a loaded model; ENGINE_PASS with its pass, for infer:embed") \
	X(ENGINE_VECTORS,   0x0711, WIRE_PART,  ROLE_SET_ENGINE,   ROLE_SET_EDGE,        4 + WIRE_MAX_VECTORS,  0,  "ENGINE_EMBED") \
	X(ENGINE_EMBEDDED,  0x0712, WIRE_REPLY, ROLE_SET_ENGINE,   ROLE_SET_EDGE,        9,                     0,  "ENGINE_EMBED") \
	X(ENGINE_LOOK,      0x0740, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      WIRE_MAX_BODY,         0,  "a loaded model; ENGINE_PASS with its pass, for internals:read") \
	X(ENGINE_SEEN,      0x0741, WIRE_PART,  ROLE_SET_ENGINE,   ROLE_SET_EDGE,        4 + WIRE_MAX_VECTORS,  0,  "ENGINE_LOOK") \
	X(ENGINE_LOOKED,    0x0742, WIRE_REPLY, ROLE_SET_ENGINE,   ROLE_SET_EDGE,        8 + 14 * WIRE_MAX_LOOKS, 0, "ENGINE_LOOK") \
	X(ENGINE_SIZE,      0x0730, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      13 + WIRE_MAX_CONFIG,  0,  "nothing") \
	X(ENGINE_SIZED,     0x0731, WIRE_REPLY, ROLE_SET_ENGINE,   ROLE_SET_EDGE,        24 + WIRE_MAX_TASKS + WIRE_MAX_TEXT, 0,  "ENGINE_SIZE") \
	X(ENGINE_MEASURE,   0x0732, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      WIRE_MAX_BODY,         0,  "an empty slot; HANDLE_KEY for every handle") \
	X(ENGINE_MEASURED,  0x0733, WIRE_REPLY, ROLE_SET_ENGINE,   ROLE_SET_EDGE,        24 + WIRE_MAX_TASKS + WIRE_MAX_TEXT, 0,  "ENGINE_MEASURE; no weight was read") \
	X(ENGINE_ADAPT,     0x0720, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      4 * 1024,              0,  "a loaded model; ENGINE_ADAPTS and HANDLE_KEY for every handle; no files: is it there?") \
	X(ENGINE_ADAPTED,   0x0721, WIRE_REPLY, ROLE_SET_ENGINE,   ROLE_SET_EDGE,        16,                    0,  "ENGINE_ADAPT") \
	X(ENGINE_ADAPT_DROP, 0x0722, WIRE_NOTE, ROLE_SET_EDGE,     ROLE_SET_ENGINE,      WIRE_ID,               0,  "nothing; an unknown adapter is ignored") \
	X(ENGINE_CHAT_CHECK, 0x0750, WIRE_CALL, ROLE_SET_EDGE,     ROLE_SET_ENGINE,      4 + WIRE_MAX_CONFIG,   0,  "nothing") \
	X(ENGINE_CHAT_CHECKED, 0x0751, WIRE_REPLY, ROLE_SET_ENGINE, ROLE_SET_EDGE,       0,                     0,  "ENGINE_CHAT_CHECK; it can be read") \
	X(ENGINE_RENEW,     0x0735, WIRE_NOTE,  ROLE_SET_EDGE,     ROLE_SET_ENGINE,      0,                     0,  "nothing; as ENGINE_UNLOAD, but a process that the keeper has sent nothing stays") \
	X(COURIER_GET,      0x0801, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_COURIER,     6 * 1024,              1,  "an allowed host; a pipe to write") \
	X(COURIER_MOVED,    0x0802, WIRE_PART,  ROLE_SET_COURIER,  ROLE_SET_EDGE,        8,                     0,  "COURIER_GET") \
	X(COURIER_GOT,      0x0803, WIRE_REPLY, ROLE_SET_COURIER,  ROLE_SET_EDGE,        6 * 1024,              0,  "COURIER_GET") \
	X(COURIER_CANCEL,   0x0804, WIRE_NOTE,  ROLE_SET_EDGE,     ROLE_SET_COURIER,     4,                     0,  "nothing; an unknown call is ignored") \
	X(COURIER_CALL,     0x0810, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_COURIER,     22 * 1024,             1,  "an allowed host; a stream socket: body in, answer out") \
	X(COURIER_CALLED,   0x0811, WIRE_REPLY, ROLE_SET_COURIER,  ROLE_SET_EDGE,        9 * 1024,              0,  "COURIER_CALL") \
	X(COURIER_MAIL,     0x0820, WIRE_CALL,  ROLE_SET_EDGE,     ROLE_SET_COURIER,     8 + WIRE_MAX_ADDRESS + WIRE_MAX_MAIL, 0, "a mail server in the settings") \
	X(COURIER_MAILED,   0x0821, WIRE_REPLY, ROLE_SET_COURIER,  ROLE_SET_EDGE,        2,                     0,  "COURIER_MAIL")
/* clang-format on */

/* Sets of roles that several rows name. */
enum {
	WIRE_CHILDREN = ROLE_SET_EDGE | ROLE_SET_KEEPER | ROLE_SET_SCRIBE | ROLE_SET_PORTER |
			ROLE_SET_ENGINE | ROLE_SET_COURIER,
	WIRE_SERVERS = ROLE_SET_KEEPER | ROLE_SET_SCRIBE | ROLE_SET_PORTER | ROLE_SET_ENGINE |
		       ROLE_SET_COURIER,
	WIRE_CLIENTS = ROLE_SET_EDGE | ROLE_SET_SCRIBE,
};

#define WIRE_ENUM(name, number, kind, from, to, ceiling, fd, needs) WIRE_##name = (number),
enum wire_type { MESSAGES(WIRE_ENUM) };
#undef WIRE_ENUM

const char *wire_name(unsigned type); /* "KEY_CREATE"; "unknown" for what is not in the table */

/* The kind of a known type; WIRE_NOTE for an unknown one (wire_check refused it before). */
enum wire_kind wire_kind_of(unsigned type);

size_t wire_ceiling(unsigned type); /* of the body in bytes; 0 for an unknown type */

/* Is `type` an answer to `call`: FAIL, or one of the rows behind it up to its first reply? */
bool wire_answers(unsigned call, unsigned type);

/* May `from` send this to `to`? ERR_DENIED, saying which rule, if not. */
RESULT wire_check(enum role from, enum role to, unsigned type, size_t body_size, unsigned fds);

/* Is there any message between the two? FAIL alone does not join them. */
bool wire_may_speak(enum role a, enum role b);

#endif
