// SPDX-License-Identifier: Apache-2.0
// Servers that are none of ours and behave as they like: a certificate for 127.0.0.1 and localhost,
// and a gateway with a log of its own, for a pull to be lied to.
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";

export const sha256 = (bytes) => crypto.createHash("sha256").update(bytes).digest("hex");
export const gitHash = (bytes) =>
	crypto.createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** A certificate of its own making: {key, certificate, file}. */
export function makeCertificate(folder, name) {
	const file = path.join(folder, `${name}.pem`), key = path.join(folder, `${name}.key`);

	execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt",
		"ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", `/CN=${name}`,
		"-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
		"-keyout", key, "-out", file], { stdio: "ignore" });
	return { key: fs.readFileSync(key), certificate: fs.readFileSync(file), file };
}

/** JSON as our log writes it: sorted names, no spaces. */
function canonical(value) {
	if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
	if (value === null || typeof value !== "object") return JSON.stringify(value);
	return `{${Object.keys(value).sort().map((name) =>
		`${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
}

/** A log with one entry, and its key. */
class Log {
	constructor(origin) {
		this.origin = origin;
		this.keys = crypto.generateKeyPairSync("ed25519");
		const raw = this.keys.publicKey.export({ format: "der", type: "spki" })
			.subarray(-32);
		this.typed = Buffer.concat([Buffer.from([1]), raw]);
		this.id = crypto.createHash("sha256").update(`${origin}\n`)
			.update(this.typed).digest().subarray(0, 4);
		this.vkey = `${origin}+${this.id.toString("hex")}+${this.typed.toString("base64")}`;
	}

	receipt(payload, kind = "model.commit") {
		const nonce = crypto.randomBytes(32), id = crypto.randomUUID();
		const text = canonical(payload);
		const commitment = crypto.createHmac("sha256", nonce).update(`audit/v1\n${text}`)
			.digest("base64url");
		const entry = canonical({ v: 1, id, ev: kind, t: "2026-01-01T00:00:00.000Z",
			c: commitment });
		const root = crypto.createHash("sha256").update("\0").update(entry)
			.digest("base64");
		const note = `${this.origin}\n1\n${root}\n`;
		const signature = Buffer.concat([this.id,
			crypto.sign(null, Buffer.from(note), this.keys.privateKey)]);
		return { id, index: 0, entry, nonce: nonce.toString("base64"), payload: text,
			proof: "c2sp.org/tlog-proof@v1\nindex 0\n\n" +
				`${note}\n\u2014 ${this.origin} ` +
				`${signature.toString("base64")}\n` };
	}
}

/**
 * A gateway with one model, "evil/model": `files` is {path: bytes}. What it says can be bent:
 * listed(path, entry) changes a tree entry, logged(payload) the entry of the log, and
 * send(request, response, bytes, path) answers for a file (false: as it should be).
 */
export class HostileGateway {
	constructor(folder) {
		const made = makeCertificate(folder, "hostile");
		this.ca = made.file;
		this.server = https.createServer({ key: made.key, cert: made.certificate },
			(request, response) => this.answer(request, response));
		this.revision = "e".repeat(40);
		this.reset({});
	}

	reset(files) {
		this.files = files;
		this.listed = (name, entry) => entry;
		this.logged = (payload) => payload;
		this.send = () => false;
		this.asked = [];
	}

	async listen() {
		await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
		this.url = `https://127.0.0.1:${this.server.address().port}`;
		this.log = new Log("hostile/log");
	}

	tree() {
		return Object.entries(this.files).map(([name, bytes]) => this.listed(name, {
			type: "file", path: name, size: bytes.length, oid: gitHash(bytes),
			lfs: { oid: sha256(bytes), size: bytes.length } }));
	}

	payload() {
		const files = Object.entries(this.files).map(([name, bytes]) =>
			({ path: name, sha256: sha256(bytes), size: bytes.length }))
			.sort((one, other) => Buffer.compare(Buffer.from(one.path),
				Buffer.from(other.path)));
		return this.logged({ model: "evil/model", revision: this.revision, files,
			manifest_sha256: sha256(canonical({ files, v: 1 })) });
	}

	answer(request, response) {
		const url = decodeURIComponent(request.url);
		const json = (value) => {
			response.setHeader("content-type", "application/json");
			response.end(JSON.stringify(value));
		};

		if (url.startsWith("/log/vkey")) return response.end(`${this.log.vkey}\n`);
		if (url.includes("/receipt/")) return json(this.log.receipt(this.payload()));
		if (url.includes("/tree/")) return json(this.tree());
		if (url.includes("/revision/")) return json({ sha: this.revision });
		const name = url.replace(/^.*\/resolve\/[0-9a-f]{40}\//, "");
		const bytes = this.files[name];
		this.asked.push({ name, range: request.headers.range });
		if (this.send(request, response, bytes, name) !== false) return undefined;
		return sendFile(request, response, bytes);
	}

	close() {
		this.server.closeAllConnections?.();
		this.server.close();
	}
}

/** As a good server would: the whole, or the range that was asked for. `most` cuts it off. */
export function sendFile(request, response, bytes, { most = Infinity, etag = sha256(bytes) } = {}) {
	const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
	const from = first === undefined ? 0 : Number(first);
	const end = last ? Number(last) + 1 : bytes.length;

	response.setHeader("etag", `"${etag}"`);
	response.setHeader("content-length", end - from);
	if (first !== undefined) {
		response.statusCode = 206;
		response.setHeader("content-range", `bytes ${from}-${end - 1}/${bytes.length}`);
	}
	if (end - from <= most) {
		response.end(bytes.subarray(from, end));
		return true;
	}
	response.write(bytes.subarray(from, from + most), () =>
		setTimeout(() => request.socket.destroy(), 50));
	return true;
}
