// SPDX-License-Identifier: Apache-2.0
// An approver with a key of their own: what they sign, as the command line does it.
import crypto from "node:crypto";
import fs from "node:fs";
import { expect } from "./http.mjs";

/** JSON as statements are written: sorted names, no spaces. */
export function canonical(value) {
	if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
	if (value === null || typeof value !== "object") return JSON.stringify(value);
	return `{${Object.keys(value).sort().map((name) =>
		`${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
}

/** A private Ed25519 key of the 64 hex digits of a key file. */
function keyOfSeed(hex) {
	const prefix = Buffer.from("302e020100300506032b657004220420", "hex");

	return crypto.createPrivateKey({
		key: Buffer.concat([prefix, Buffer.from(hex, "hex")]),
		format: "der",
		type: "pkcs8",
	});
}

export class Signer {
	constructor(privateKey) {
		this.privateKey = privateKey;
		this.public = crypto.createPublicKey(privateKey)
			.export({ type: "spki", format: "der" }).subarray(-32);
	}

	static fresh() {
		return new Signer(crypto.generateKeyPairSync("ed25519").privateKey);
	}

	static ofFile(file) {
		return new Signer(keyOfSeed(fs.readFileSync(file, "utf8").trim()));
	}

	/** A signature of the statement, as the keeper takes it: {key, statement, signature}. */
	sign(statement) {
		const bytes = Buffer.from(statement);
		const signed = Buffer.concat([Buffer.from("sallyport/approval/v1\n"), bytes]);
		const signature = crypto.sign(null, signed, this.privateKey);
		return { key: this.public, statement: bytes, signature };
	}

	/** A statement around a subject, signed so many milliseconds ago. */
	state(gateway, kind, subject, ago = 0) {
		const signed = new Date(Date.now() - ago).toISOString();
		return this.sign(canonical({ ...subject, gateway, kind, signed, v: 1 }));
	}
}

/** As a body carries it. */
export function asApproval(keyId, { statement, signature }) {
	return {
		key_id: keyId,
		statement: statement.toString(),
		sig: signature.toString("base64"),
	};
}

/** As an entry carries it. */
export function asEntry({ key, statement, signature }) {
	return {
		key: key.toString("base64"),
		statement: statement.toString(),
		sig: signature.toString("base64"),
	};
}

/** What the gateway says of its approvers. */
export async function approversOf(gateway) {
	const token = gateway.tokens.admin;
	return (await expect(200, gateway, "GET", "/api/v1/approvers", { token })).json;
}
