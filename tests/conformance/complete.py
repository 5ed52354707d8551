#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""complete.py ANSWER VKEY [COPY] - a second opinion on an answer about completeness.

Written from the C2SP texts (signed-note, tlog-checkpoint, tlog-proof, tlog-tiles), RFC 6962 and
schema/audit/README.md, with Debian's python3-cryptography; no code of ours is in it. With COPY, a
copy of the public log (sallyport audit export), every entry must also stand there, in the bundle of
its number. Prints how many entries there are, or why it does not believe it, and exits with 1.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def need(fact, why):
    if not fact:
        raise ValueError(why)


def b64(text, size=None):
    data = base64.b64decode(text, validate=True)
    need(size is None or len(data) == size, "a base64 text has another length")
    return data


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(entry):
    return sha256(b"\0", entry.encode())


def root_by(index, size, leaf, path):
    """The root that an inclusion proof leads to (RFC 6962 2.1.1, from the top down)."""
    need(0 <= index < size, "an index behind the tree")
    if size == 1:
        need(not path, "a path with hashes left over")
        return leaf
    need(path, "a path with hashes missing")
    half = 1 << (size - 1).bit_length() - 1
    if index < half:
        return sha256(b"\1", root_by(index, half, leaf, path[:-1]), path[-1])
    return sha256(b"\1", path[-1], root_by(index - half, size - half, leaf, path[:-1]))


def open_checkpoint(note, vkey):
    """(size, root) of a checkpoint that the log's key has signed."""
    name, key_id, key = vkey.split("+", 2)
    key = b64(key, 33)
    need(key[0] == 1 and sha256(f"{name}\n".encode(), key)[:4].hex() == key_id, "no log's key")
    at = note.rindex("\n\n") + 1
    text, lines = note[:at], note[at + 1:].splitlines()
    signed = False
    for line in lines:
        dash, signer, blob = line.split(" ")
        blob = b64(blob)
        need(dash == "\u2014", "a line that is no signature")
        if signer == name and blob[:4] == sha256(f"{name}\n".encode(), key)[:4]:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(blob[4:], text.encode())
            signed = True
    origin, size, root, rest = text.split("\n", 3)
    need(signed and origin == name and rest == "", "a checkpoint that is not this log's")
    return int(size), b64(root, 32)


def opened(level):
    """The payload that a level's entry commits to, read."""
    mac = hmac.digest(b64(level["nonce"], 32), b"audit/v1\n" + level["payload"].encode(), "sha256")
    told = json.loads(level["entry"])["c"]
    need(told == base64.urlsafe_b64encode(mac).rstrip(b"=").decode(), "another payload")
    return json.loads(level["payload"])


def check_receipt(receipt, vkey):
    """(number, kind, payload) of a receipt of an entry of its own."""
    head, note = receipt["proof"].split("\n\n", 1)
    first, extra, index, *path = head.split("\n")
    need(first == "c2sp.org/tlog-proof@v1" and extra == f"extra {receipt['nonce']}", "no proof")
    need("row" not in receipt, "a row where an entry is wanted")
    index = int(index.removeprefix("index "))
    size, root = open_checkpoint(note, vkey)
    made = root_by(index, size, leaf_hash(receipt["entry"]), [b64(one, 32) for one in path])
    need(made == root, "an entry that is not in the log")
    return index, json.loads(receipt["entry"])["ev"], opened(receipt)


def place(value):
    return (value[0], value[1]) if isinstance(value, list) else (value, -1)


class Walk:
    def __init__(self, head, vkey, copy):
        self.head, self.vkey, self.copy = head, vkey, copy
        self.size, self.root = open_checkpoint(head["checkpoint"], vkey)
        self.count, self.last, self.chained, self.erasure = 0, None, False, (None, [])
        index, kind, said = check_receipt(head["statement"], vkey)
        need(kind == "audit.query" and said["read"] == "completeness" and index >= self.size,
             "a statement of another kind")
        for name in ["of", "id", "size", "count"] + (["last"] if head["count"] else []):
            need(said[name] == head[name], f"a statement with another {name}")
        need(head["size"] == self.size, "another size than the checkpoint's")

    def check_copy(self, index, entry):
        if not self.copy:
            return
        parts = [f"{index // 256 // 10 ** i % 1000:03}" for i in (6, 3, 0)]
        while len(parts) > 1 and parts[0] == "000":
            parts.pop(0)
        name = self.copy / "tile/entries" / "/".join([f"x{one}" for one in parts[:-1]] + parts[-1:])
        if not name.exists():
            name = max(pathlib.Path(f"{name}.p").iterdir(), key=lambda one: int(one.name))
        bundle = name.read_bytes()
        for _ in range(index % 256):
            bundle = bundle[2 + int.from_bytes(bundle[:2], "big"):]
        there = bundle[2:2 + int.from_bytes(bundle[:2], "big")]
        need(there == entry.encode(), f"entry {index} is another one in the copy")

    def level_of(self, line):
        index, path = line["index"], [b64(one, 32) for one in line["path"]]
        made = root_by(index, self.size, leaf_hash(line["entry"]), path)
        need(made == self.root, "an entry that is not in the log")
        self.check_copy(index, line["entry"])
        if "row" not in line:
            return (index, -1), line
        batch, row = opened(line), line["row"]
        need(json.loads(line["entry"])["ev"] == "usage.batch", "rows of what is no batch")
        path = [b64(one, 32) for one in row["path"]]
        made = root_by(row["index"], batch["count"], leaf_hash(row["entry"]), path)
        need(made == b64(batch["root"], 32), "a row that is not in its batch")
        return (index, row["index"]), row

    def links_of(self, here, level):
        of, subject = self.head["of"], self.head["id"]
        if "erased" not in level:
            said = opened(level)
            whose = said["license"] if of == "license" else said["actor"]["id"]
            need(whose == subject, "an entry of somebody else")
            return said.get("chain", {}).get(of)
        by, ranges = self.erasure
        need(level["erased"]["by"] == by, "erased, and no entry says so")
        need(any(place(a) <= here <= place(b) and isinstance(a, list) == (here[1] >= 0)
                 for a, b in ranges), "erased, and no entry says so")
        chain = json.loads(level["chain"] or "{}")
        need(isinstance(chain, dict), "a chain that is none")
        return chain.get(of)

    def take(self, line):
        if "erasure" in line:
            index, kind, said = check_receipt(line["erasure"], self.vkey)
            need(kind in ("erasure.run", "retention.run"), "an entry that erases nothing")
            self.erasure = (index, said["ranges"])
            return
        here, level = self.level_of(line)
        link = self.links_of(here, level)
        need(self.last is None or here > self.last, "entries in another order")
        need(link or not self.chained, "an entry without a chain")
        if link:
            need(link["n"] == self.count + 1, "an entry is left out")
            before = None if link["prev"] is None else place(link["prev"])
            need(before == (self.last if self.count else None), "an entry is left out")
            self.chained = True
        self.count, self.last = self.count + 1, here

    def end(self, end):
        need(end["count"] == self.count == self.head["count"], "another count than stated")
        need(not self.count or self.last == place(self.head["last"]), "the last one is left out")


def main():
    answer, vkey, *copy = sys.argv[1:]
    lines = [json.loads(line) for line in pathlib.Path(answer).read_text("utf-8").splitlines()]
    try:
        walk = Walk(lines[0]["completeness"], vkey, pathlib.Path(copy[0]) if copy else None)
        for line in lines[1:-1]:
            walk.take(line)
        walk.end(lines[-1]["end"])
    except Exception as error:  # whatever is not as it must be
        sys.exit(f"complete.py: {type(error).__name__}: {error}")
    print(walk.count)


if __name__ == "__main__":
    main()
