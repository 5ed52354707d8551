// SPDX-License-Identifier: Apache-2.0
// Events in a log of made_log.mjs as ours has them: commitments, chains, batches, receipts, answers
// about completeness; made from schema/audit/README.md, without our code, and able to lie.
import crypto from "node:crypto";
import { hashLeaf, MadeLog, pathOf, rootOf } from "./made_log.mjs";

const base64 = (bytes) => bytes.toString("base64");

/** Sorted names, no spaces: RFC 8785 for what these tests write. */
export function canonical(value) {
	if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
	if (value === null || typeof value !== "object") return JSON.stringify(value);
	const members = Object.keys(value)
		.sort()
		.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
	return `{${members.join(",")}}`;
}

/** An event's leaf: {id, entry, nonce, payload, said}. */
function makeLeaf(kind, said) {
	const nonce = crypto.randomBytes(32);
	const id = crypto.randomUUID();
	const payload = canonical(said);
	const mac = crypto.createHmac("sha256", nonce).update(`audit/v1\n${payload}`).digest();
	const c = mac.toString("base64url");
	const entry = canonical({ c, ev: kind, id, t: "2026-01-02T03:04:05.678Z", v: 1 });
	return { id, entry, nonce: base64(nonce), payload, said };
}

export class MadeEvents {
	constructor(key) {
		this.log = new MadeLog(key);
		this.events = []; // in order: {index, row?, id, entry, nonce, payload, said}
		this.heads = new Map();
	}

	/** What a chain says of an entry that is to stand at this place; null: no chain yet. */
	link(said, place) {
		const chain = {};
		for (const [of, id] of [["actor", said.actor.id], ["license", said.license]]) {
			if (!id) continue;
			const had = this.heads.get(`${of} ${id}`) ?? { n: 0, place: null };
			chain[of] = { n: had.n + 1, prev: had.place };
			this.heads.set(`${of} ${id}`, { n: had.n + 1, place });
		}
		return Object.keys(chain).length ? { ...said, chain } : said;
	}

	/** An entry of its own. `isBare`: counted, but from before entries had chains. */
	add(kind, said, { isBare = false } = {}) {
		const linked = this.link(said, this.log.entries.length);
		const event = makeLeaf(kind, isBare ? said : linked);
		event.index = this.log.add(event.entry);
		this.events.push(event);
		return event;
	}

	/** One entry for many events. */
	batch(kind, list) {
		const index = this.log.entries.length;
		const rows = list.map((said, row) => makeLeaf(kind, this.link(said, [index, row])));
		const leaves = rows.map((one) => hashLeaf(one.entry));
		const at = "2026-01-02T03:04:05.000Z";
		const batch = makeLeaf("usage.batch", {
			actor: { id: "", name: "" },
			count: rows.length,
			first: at,
			last: at,
			root: base64(rootOf(leaves)),
		});
		this.log.add(batch.entry);
		rows.forEach((one, row) => {
			const hashes = pathOf(row, leaves).map(base64);
			const proof = { index: row, count: rows.length, path: hashes };
			this.events.push({ ...one, index, row: proof, batch });
		});
		return this.events.slice(-rows.length);
	}

	/** {entry, nonce, payload}, and of a row the same again. */
	levels({ entry, nonce, payload, row, batch }) {
		if (!row) return { entry, nonce, payload };
		return { ...this.levels(batch), row: { entry, nonce, payload, ...row } };
	}

	receipt(event, size = this.log.entries.length) {
		const one = this.levels(event);
		const lines = [
			"c2sp.org/tlog-proof@v1",
			`extra ${one.nonce}`,
			`index ${event.index}`,
			...this.log.path(event.index, size),
		];
		const proof = `${lines.join("\n")}\n\n${this.log.note(size)}`;
		return { ...one, index: event.index, proof };
	}

	/** The lines of an answer; `events`: what it holds, `stated`: what is said of it. */
	answer(of, id, { events, stated = {}, cosign = () => "" } = {}) {
		const size = this.log.entries.length;
		const isOf = ({ said }) => (of === "license" ? said.license : said.actor.id) === id;
		const all = events ?? this.events.filter(isOf);
		const place = ({ index, row }) => (row ? [index, row.index] : index);
		const last = place(all.at(-1));
		const said = { of, id, size, count: all.length, last, ...stated };
		const statement = this.add("audit.query", {
			actor: { id: "auditor", name: "auditor" },
			read: "completeness",
			...said,
		});
		const checkpoint = this.log.note(size) + cosign(this.log.text(size));
		const head = { ...said, checkpoint, statement: this.receipt(statement) };
		const lines = all.map((event) => ({
			index: event.index,
			path: this.log.path(event.index, size),
			...this.levels(event),
		}));
		return [{ completeness: head }, ...lines, { end: { count: lines.length } }];
	}
}

/** The line of an entry, or of a row, as it is once its payload was erased; `by`: the number of the
 * entry that says so. */
export function erased(line, by = null) {
	const gone = ({ nonce, payload, ...rest }) => ({
		...rest,
		chain: canonical(JSON.parse(payload).chain ?? ""),
		erased: { by },
	});
	return line.row ? { ...line, row: gone(line.row) } : gone(line);
}

export const asText = (lines) => lines.map((line) => `${canonical(line)}\n`).join("");
