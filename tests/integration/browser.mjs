// SPDX-License-Identifier: Apache-2.0
// A key that lives in a browser: WebCrypto, of which Node has the same.
import { expect } from "./http.mjs";

const { subtle } = globalThis.crypto;

const KINDS = {
	p256: {
		make: { name: "ECDSA", namedCurve: "P-256" },
		sign: { name: "ECDSA", hash: "SHA-256" },
	},
	ed25519: { make: { name: "Ed25519" }, sign: { name: "Ed25519" } },
};

/** A fresh key that never leaves the "browser": {kind, public: base64, sign(bytes) -> base64}. */
export async function browserKey(kind) {
	const pair = await subtle.generateKey(KINDS[kind].make, false, ["sign", "verify"]);
	const raw = Buffer.from(await subtle.exportKey("raw", pair.publicKey));

	return {
		kind,
		publicKey: pair.publicKey,
		public: raw.toString("base64"),
		sign: async (bytes) => {
			const made = await subtle.sign(KINDS[kind].sign, pair.privateKey, bytes);
			return Buffer.from(made).toString("base64");
		},
	};
}

/** The same, enrolled; its `id` is the gateway's. */
export async function enrollBrowserKey(gateway, token, kind) {
	const key = await browserKey(kind);
	const answer = await expect(201, gateway, "POST", "/api/v1/keys",
		{ token, body: { kind, name: "browser", public: key.public } });

	return { ...key, id: answer.json.id };
}
