// SPDX-License-Identifier: Apache-2.0
// A log, its keys, cosignatures and proofs, made by this script from the C2SP texts and RFC 6962
// alone, so that tests can make what no gateway would sign.
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const WIDTH = 256;
const LOG = 1;
const WITNESS = 4;

const sha256 = (...parts) => {
	const hash = crypto.createHash("sha256");
	for (const part of parts) hash.update(part);
	return hash.digest();
};
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);
export const hashLeaf = (entry) => sha256(LEAF, entry);
const hashNode = (left, right) => sha256(NODE, left, right);

/** RFC 6962 2.1: the root of these leaf hashes. */
export function rootOf(leaves) {
	if (leaves.length === 0) return sha256("");
	if (leaves.length === 1) return leaves[0];
	const half = splitOf(leaves.length);
	return hashNode(rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}

/** RFC 6962 2.1.1: from the leaf up. */
export function pathOf(index, leaves) {
	if (leaves.length <= 1) return [];
	const half = splitOf(leaves.length);
	const [left, right] = [leaves.slice(0, half), leaves.slice(half)];
	return index < half
		? [...pathOf(index, left), rootOf(right)]
		: [...pathOf(index - half, right), rootOf(left)];
}

function splitOf(size) {
	let half = 1;
	while (half * 2 < size) half *= 2;
	return half;
}

/** A key of a log or a witness: signed-note's names, ids and lines. */
export class Key {
	constructor(name, isWitness = false) {
		this.name = name;
		this.type = Buffer.from([isWitness ? WITNESS : LOG]);
		this.pair = crypto.generateKeyPairSync("ed25519");
		const { x } = this.pair.publicKey.export({ format: "jwk" });
		const typed = Buffer.concat([this.type, Buffer.from(x, "base64url")]);
		this.id = sha256(`${name}\n`, typed).subarray(0, 4);
		this.vkey = `${name}+${this.id.toString("hex")}+${typed.toString("base64")}`;
	}

	line(signature) {
		const blob = Buffer.concat([this.id, signature]).toString("base64");
		return `— ${this.name} ${blob}\n`;
	}

	/** The log's line below its text. */
	sign(text) {
		return this.line(crypto.sign(null, Buffer.from(text), this.pair.privateKey));
	}

	/** tlog-cosignature: `seconds` is signed and stands before the signature. */
	cosign(text, seconds = 1790000000n) {
		const message = `cosignature/v1\ntime ${seconds}\n${text}`;
		const at = Buffer.alloc(8);
		at.writeBigUInt64BE(BigInt(seconds));
		const signature = crypto.sign(null, Buffer.from(message), this.pair.privateKey);
		return this.line(Buffer.concat([at, signature]));
	}
}

/** tlog-tiles' names: 1234067 is x001/x234/067. */
function tileName(kind, index, width) {
	const groups = [];
	for (let rest = index, first = true; first || rest > 0; rest = Math.floor(rest / 1000)) {
		groups.unshift(`${first ? "" : "x"}${String(rest % 1000).padStart(3, "0")}`);
		first = false;
	}
	return `tile/${kind}/${groups.join("/")}${width < WIDTH ? `.p/${width}` : ""}`;
}

export class MadeLog {
	constructor(key) {
		this.key = key;
		this.entries = [];
	}

	/** Returns its index. */
	add(entry) {
		return this.entries.push(Buffer.from(entry)) - 1;
	}

	leaves(size = this.entries.length) {
		return this.entries.slice(0, size).map(hashLeaf);
	}

	text(size = this.entries.length, origin = this.key.name) {
		return `${origin}\n${size}\n${rootOf(this.leaves(size)).toString("base64")}\n`;
	}

	/** The signed checkpoint. */
	note(size = this.entries.length) {
		const text = this.text(size);
		return `${text}\n${this.key.sign(text)}`;
	}

	path(index, size = this.entries.length) {
		return pathOf(index, this.leaves(size)).map((hash) => hash.toString("base64"));
	}

	/** All files below this folder, as of this size. */
	write(folder, size = this.entries.length) {
		const put = (name, bytes) => {
			const file = path.join(folder, name);
			fs.mkdirSync(path.dirname(file), { recursive: true });
			fs.writeFileSync(file, bytes);
		};
		const bundle = (entry) => {
			const length = Buffer.alloc(2);
			length.writeUInt16BE(entry.length);
			return Buffer.concat([length, entry]);
		};
		const rows = (kind, all, encode) => {
			for (let i = 0; i * WIDTH < all.length; i++) {
				const row = all.slice(i * WIDTH, (i + 1) * WIDTH);
				put(tileName(kind, i, row.length), Buffer.concat(row.map(encode)));
			}
		};

		rows("entries", this.entries.slice(0, size), bundle);
		let hashes = this.leaves(size);
		for (let level = 0; hashes.length > 0; level++) {
			rows(level, hashes, (hash) => hash);
			const above = [];
			for (let i = 0; (i + 1) * WIDTH <= hashes.length; i++)
				above.push(rootOf(hashes.slice(i * WIDTH, (i + 1) * WIDTH)));
			hashes = above;
		}
		put("checkpoint", this.note(size));
	}
}
