// SPDX-License-Identifier: Apache-2.0
// Issuers of GA4GH visas, as tests need them: honest ones, and ones that try things.
import crypto from "node:crypto";
import { expect } from "./http.mjs";
import { freshName } from "./people.mjs";

const base64url = (value) => Buffer.from(value).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

/** Sign a JWT of any header: "none", HS256 (key: a secret), ES256, RS256 (key: a private key). */
export function signToken(header, claims, key) {
	const text = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
	const sign = {
		none: () => "",
		HS256: () => crypto.createHmac("sha256", key).update(text).digest("base64url"),
		ES256: () =>
			crypto
				.sign("sha256", Buffer.from(text), {
					key,
					dsaEncoding: "ieee-p1363",
				})
				.toString("base64url"),
		RS256: () => crypto.sign("sha256", Buffer.from(text), key).toString("base64url"),
	};
	return `${text}.${sign[header.alg]()}`;
}

export class Issuer {
	constructor(algorithm, jku) {
		const pair =
			algorithm === "ES256"
				? crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
				: crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
		this.iss = `https://${freshName("issuer")}.example`;
		this.algorithm = algorithm;
		this.jku = jku;
		this.key = pair.privateKey;
		this.public = pair.publicKey;
		this.jwks = {
			keys: [
				{
					...pair.publicKey.export({ format: "jwk" }),
					kid: "k1",
					alg: algorithm,
					use: "sig",
				},
			],
		};
	}

	/** Let its visas count. */
	async list(gateway) {
		const body = { iss: this.iss, jwks: this.jwks, ...(this.jku && { jku: this.jku }) };
		await expect(201, gateway, "POST", "/api/v1/issuers", {
			token: gateway.tokens.admin,
			body,
		});
		return this;
	}

	header(change = {}) {
		return {
			typ: "vnd.ga4gh.visa+jwt",
			alg: this.algorithm,
			kid: "k1",
			...(this.jku && { jku: this.jku }),
			...change,
		};
	}

	claims(sub, change = {}, visa = {}) {
		return {
			iss: this.iss,
			sub,
			jti: freshName("visa"),
			iat: now() - 10,
			exp: now() + 3600,
			ga4gh_visa_v1: {
				type: "ResearcherStatus",
				asserted: now() - 1000,
				value: "https://doi.org/10.1038/s41431-018-0219-y",
				source: "https://grid.ac/institutes/grid.240952.8",
				by: "so",
				...visa,
			},
			...change,
		};
	}

	/** A visa for `sub`; the parts can be changed to try things. */
	visa(sub, { header, claims, visa } = {}) {
		return signToken(this.header(header), this.claims(sub, claims, visa), this.key);
	}
}
