// SPDX-License-Identifier: Apache-2.0
// Plain HTTPS by Node's own client: one request, its whole answer. No client library's opinions.
import https from "node:https";

/** A pool of connections that trusts the gateway's CA. */
export function agentOf(ca) {
	return new https.Agent({ ca, keepAlive: true, maxSockets: 32 });
}

class Answer {
	constructor(response, body) {
		this.status = response.statusCode;
		this.headers = response.headers;
		this.body = body;
		this.isComplete = response.complete;
	}

	get text() {
		return this.body.toString("utf8");
	}

	get json() {
		return JSON.parse(this.text);
	}
}

/**
 * Ask the gateway. `body` may be a Buffer, a string, or a value to be sent as JSON. Rejects if
 * the connection breaks; an answer of any status is an answer.
 */
export function ask(gateway, method, path, { token, body, headers = {}, timeout = 60000 } = {}) {
	const all = { ...headers };
	let bytes = body;

	if (token) all.authorization = `Bearer ${token}`;
	if (body !== undefined && !Buffer.isBuffer(body) && typeof body !== "string") {
		bytes = JSON.stringify(body);
		all["content-type"] ??= "application/json";
	}
	if (bytes !== undefined) all["content-length"] = Buffer.byteLength(bytes);
	const target = path.startsWith("https://") ? path : gateway.url + path;
	return new Promise((resolve, reject) => {
		const request = https.request(target, {
			method,
			headers: all,
			agent: gateway.agent,
		});
		request.setTimeout(timeout, () => request.destroy(new Error(`${path}: no answer`)));
		request.on("error", reject);
		request.on("response", (response) => {
			const parts = [];
			response.on("data", (part) => parts.push(part));
			response.on("error", reject);
			response.on("end", () =>
				resolve(new Answer(response, Buffer.concat(parts))),
			);
		});
		request.end(bytes);
	});
}

/** The same, and a status other than the one expected is an error that shows the answer. */
export async function expect(status, gateway, method, path, options) {
	const answer = await ask(gateway, method, path, options);
	if (answer.status !== status)
		throw new Error(
			`${method} ${path}: ${answer.status}, ${status} expected: ` +
				answer.text.slice(0, 500),
		);
	return answer;
}

/** Ask until `good` holds of the answer (a broken connection counts as "not yet"). */
export async function until(what, seconds, attempt) {
	const deadline = Date.now() + seconds * 1000;
	let last;

	for (;;) {
		try {
			const result = await attempt();
			if (result) return result;
			last = undefined;
		} catch (error) {
			last = error;
		}
		if (Date.now() > deadline)
			throw new Error(`${what}: not within ${seconds} s`, { cause: last });
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
