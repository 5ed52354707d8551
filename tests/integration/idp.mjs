// SPDX-License-Identifier: Apache-2.0
// Identity providers for tests: the real `oidc-provider`, and one that lies; and a browser that
// goes there and back.
import crypto from "node:crypto";
import https from "node:https";
import Provider from "oidc-provider";
import { ask, until } from "./http.mjs";
import { makeCertificate } from "./hostile.mjs";

export const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const half = (text) => crypto.createHash("sha256").update(text).digest().subarray(0, 16);

function listen(server) {
	return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** `oidc-provider` as it is, with its own development screens for login and consent. */
export class RealProvider {
	static async start(folder, redirects) {
		const made = makeCertificate(folder, "real-idp");
		const idp = new RealProvider();
		const server = await listen(
			https.createServer({ key: made.key, cert: made.certificate }, (...args) =>
				idp.answer(...args),
			),
		);
		const keys = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
		idp.url = `https://127.0.0.1:${server.address().port}`;
		idp.certificate = made.file;
		idp.server = server;
		idp.provider = new Provider(idp.url, {
			clients: [
				{
					client_id: "with-secret",
					client_secret: "a-secret-of-the-client",
					redirect_uris: redirects,
					id_token_signed_response_alg: "ES256",
				},
				{
					client_id: "public",
					token_endpoint_auth_method: "none",
					redirect_uris: redirects,
					id_token_signed_response_alg: "RS256",
				},
			],
			jwks: {
				keys: [
					{
						...keys.privateKey.export({ format: "jwk" }),
						use: "sig",
						kid: "es",
					},
					{
						...crypto
							.generateKeyPairSync("rsa", {
								modulusLength: 2048,
							})
							.privateKey.export({ format: "jwk" }),
						use: "sig",
						kid: "rs",
					},
				],
			},
			cookies: { keys: ["for tests"] },
			pkce: { required: () => true },
			claims: { openid: ["sub"], profile: ["preferred_username"] },
			conformIdTokenClaims: false,
			findAccount: (_, id) => ({
				accountId: id,
				claims: () => ({ sub: id, preferred_username: `${id}@campus` }),
			}),
		});
		idp.answer = idp.provider.callback();
		return idp;
	}

	close() {
		this.server.closeAllConnections?.();
		this.server.close();
	}
}

/** An identity provider of which any part can be replaced: `lie` is merged over the truth. */
export class LyingProvider {
	static async start(folder) {
		const made = makeCertificate(folder, "lying-idp");
		const idp = new LyingProvider();
		idp.server = await listen(
			https.createServer({ key: made.key, cert: made.certificate }, (...args) =>
				idp.answer(...args),
			),
		);
		idp.url = `https://127.0.0.1:${idp.server.address().port}`;
		idp.certificate = made.file;
		idp.keys = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
		idp.other = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
		idp.lie = {};
		idp.asked = [];
		return idp;
	}

	/** The id token of a sign-in that began with this nonce. */
	token(nonce) {
		const now = Math.floor(Date.now() / 1000);
		const claims = {
			iss: this.url,
			sub: "somebody",
			aud: "sallyport",
			exp: now + 300,
			iat: now,
			nonce,
			at_hash: half("an-access-token").toString("base64url"),
			...this.lie.claims,
		};
		for (const name of this.lie.without ?? []) delete claims[name];
		const header = { alg: "ES256", kid: "a", ...this.lie.header };
		const covered = `${encode(header)}.${encode(claims)}`;
		if (this.lie.sign) return `${covered}.${this.lie.sign(covered, this)}`;
		const key = this.lie.otherKey ? this.other.privateKey : this.keys.privateKey;
		const signature = crypto.sign("sha256", Buffer.from(covered), {
			key,
			dsaEncoding: "ieee-p1363",
		});
		return `${covered}.${signature.toString("base64url")}`;
	}

	async answer(request, response) {
		const parts = [];
		for await (const part of request) parts.push(part);
		const form = new URLSearchParams(Buffer.concat(parts).toString());
		const { pathname } = new URL(request.url, this.url);
		const send = (body) => {
			response.setHeader("content-type", "application/json");
			response.end(typeof body === "string" ? body : JSON.stringify(body));
		};

		this.asked.push(pathname);
		if (this.lie.answer?.(pathname, request, response, send)) return undefined;
		if (pathname === "/.well-known/openid-configuration")
			return send({
				issuer: this.url,
				authorization_endpoint: `${this.url}/authorize`,
				token_endpoint: `${this.url}/token`,
				jwks_uri: `${this.url}/jwks`,
				...this.lie.discovery,
			});
		if (pathname === "/jwks")
			return send({
				keys: [
					{
						...this.keys.publicKey.export({ format: "jwk" }),
						kid: "a",
						use: "sig",
					},
				],
			});
		if (pathname === "/token")
			return send({
				id_token: this.token(form.get("code")), // which is the nonce
				access_token: "an-access-token",
				token_type: "Bearer",
				...this.lie.tokens,
			});
		response.statusCode = 404;
		return response.end();
	}

	close() {
		this.server.closeAllConnections?.();
		this.server.close();
	}
}

/** A browser with the cookies of each host. */
export class Browser {
	constructor(gateway) {
		this.gateway = gateway;
		this.agent = new https.Agent({ rejectUnauthorized: false });
		this.jars = {};
	}

	async get(url, { method = "GET", body, headers = {} } = {}) {
		const host = new URL(url).host;
		const jar = (this.jars[host] ??= {});
		const cookie = Object.entries(jar)
			.map(([name, value]) => `${name}=${value}`)
			.join("; ");
		const answer = await ask({ agent: this.agent }, method, url, {
			body,
			headers: { ...headers, ...(cookie && { cookie }) },
		});
		for (const line of answer.headers["set-cookie"] ?? []) {
			const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
			if (value && !/max-age=0|expires=thu, 01 jan 1970/i.test(line))
				jar[name] = value;
			else delete jar[name];
		}
		answer.url = url;
		answer.next =
			answer.headers.location && new URL(answer.headers.location, url).toString();
		return answer;
	}

	post(url, fields) {
		return this.get(url, {
			method: "POST",
			body: new URLSearchParams(fields).toString(),
			headers: { "content-type": "application/x-www-form-urlencoded" },
		});
	}

	/** To the provider, with the forms of oidc-provider's development screens, and back. */
	async signIn(provider, login, query = "") {
		const start = `${this.gateway.url}/api/v1/oidc/${provider}/start${query}`;
		let answer = await this.get(start);
		for (let step = 0; step < 20; step++) {
			const isBack = answer.url.includes("/callback");
			if (isBack) return answer;
			if (answer.next) answer = await this.get(answer.next);
			else if (/name="login"/.test(answer.text))
				answer = await this.post(this.formOf(answer), {
					prompt: "login",
					login,
					password: "x",
				});
			else if (/value="consent"/.test(answer.text))
				answer = await this.post(this.formOf(answer), {
					prompt: "consent",
				});
			else return answer;
		}
		throw new Error("the browser goes in circles");
	}

	formOf(answer) {
		const [, action] = /<form[^>]*action="([^"]+)"/.exec(answer.text);
		return new URL(action, answer.url).toString();
	}

	/** Who the gateway takes this browser for. */
	whoAmI() {
		return this.get(`${this.gateway.url}/api/v1/sessions/current`);
	}
}

/** The courier and the edge read their settings when they start. */
export async function restart(gateway, name) {
	const [old] = gateway.processesNamed(name);
	process.kill(old.id, "SIGTERM");
	await until(`another ${name}`, 30, async () => {
		const now = gateway.processesNamed(name);
		const ready = await ask(gateway, "GET", "/readyz");
		return now.length === 1 && now[0].id !== old.id && ready.status === 200;
	});
}
