// SPDX-License-Identifier: Apache-2.0
// A client that asks as llama.cpp's `-hf` does, with its rules and no others. Not llama.cpp: it is
// written after common/hf-cache.cpp and common/download.cpp of ggml-org/llama.cpp, so that a change
// of ours that those would stumble over fails a test. `trace` tells what was asked, in order.
import fs from "node:fs";
import https from "node:https";
import path from "node:path";

const ATTEMPTS = 3;
const PART = ".downloadInProgress";

/** Requests to its API carry a token of this form only; with another it goes on without one. */
export function isValidToken(token) {
	return /^hf_[A-Za-z0-9]{34,253}$/.test(token ?? "");
}

const isOid = (text) => /^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/.test(text);
const isCommit = (text) => /^[0-9a-fA-F]{40}$/.test(text);
const isRepo = (text) => /^\w([/.-]?\w)*$/.test(text) && text.split("/").length === 2;

export class Llama {
	constructor({ url, ca, token, cache }) {
		Object.assign(this, { url, token, cache, trace: [] });
		this.agent = new https.Agent({ ca, keepAlive: true, maxSockets: 1 });
	}

	close() {
		this.agent.destroy();
	}

	/** One request; `onHead(response)` may refuse it, `onData(bytes)` may break it off. */
	#request(method, target, headers, { onHead = () => true, onData = () => true } = {}) {
		this.trace.push(
			[
				method,
				target,
				headers.Range,
				headers.Authorization ? "token" : "no token",
			]
				.filter(Boolean)
				.join(" "),
		);
		return new Promise((resolve) => {
			const request = https.request(this.url + target, {
				method,
				agent: this.agent,
				headers: { "User-Agent": "llama-cpp/b0-unknown", ...headers },
			});
			const fail = () => resolve({ failed: true });
			request.on("error", fail);
			request.on("response", (response) => {
				response.on("error", fail);
				response.on("aborted", fail);
				const { statusCode: status, headers: got } = response;
				if (!onHead(response)) {
					request.destroy();
					resolve({ failed: true, status, headers: got });
					return;
				}
				response.on("data", (part) => {
					if (!onData(part)) request.destroy(new Error("stopped"));
				});
				response.on("end", () => resolve({ status, headers: got }));
			});
			request.end();
		});
	}

	async #api(target) {
		const headers = { Accept: "application/json" };
		const parts = [];

		if (isValidToken(this.token)) headers.Authorization = `Bearer ${this.token}`;
		const { status } = await this.#request("GET", target, headers, {
			onData: (part) => parts.push(part),
		});
		const text = Buffer.concat(parts).toString();
		if (status === 200) return JSON.parse(text);
		let reason = text;
		try {
			reason = JSON.parse(text).error;
		} catch {
			// It shows the body then.
		}
		throw new Error(`GET failed (${status}): ${reason}`);
	}

	async #commitOf(repo) {
		const { branches } = await this.#api(`/api/models/${repo}/refs`);
		const good = branches.filter((one) => isCommit(one.targetCommit));
		const branch = good.find((one) => one.name === "main") ?? good[0];

		if (!branch) throw new Error("no valid branch");
		return branch.targetCommit;
	}

	/** [{path, oid, url}], without what has no valid digest: masked files are skipped. */
	async files(repo) {
		if (!isRepo(repo)) throw new Error(`invalid repository: ${repo}`);
		const commit = await this.#commitOf(repo);
		const tree = await this.#api(`/api/models/${repo}/tree/${commit}?recursive=true`);

		return tree
			.filter((one) => one.type === "file")
			.map((one) => ({
				path: one.path,
				oid: one.lfs ? one.lfs.oid : one.oid,
				target: `/${repo}/resolve/${commit}/${encodeURI(one.path)}`,
			}))
			.filter((one) => isOid(one.oid));
	}

	/** The file's status, 304 if it is there already, -1 after three attempts. `stopAfter`: be
	 * killed after so many bytes of one run. */
	async download(file, { stopAfter = Infinity } = {}) {
		const final = path.join(this.cache, file.oid);
		const part = final + PART;
		// Here it sends whatever token it was given.
		const sign = this.token ? { Authorization: `Bearer ${this.token}` } : {};

		if (fs.existsSync(final)) return 304;
		const head = await this.#request("HEAD", file.target, sign);
		if (head.failed || head.status < 200 || head.status >= 300)
			return head.status ?? -1;
		const ranges =
			"accept-ranges" in head.headers && head.headers["accept-ranges"] !== "none";
		const total = Number(head.headers["content-length"]);

		fs.mkdirSync(this.cache, { recursive: true });
		for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
			if (fs.existsSync(part) && !ranges) fs.rmSync(part);
			const have = fs.existsSync(part) ? fs.statSync(part).size : 0;
			let taken = 0;
			const range = ranges && have > 0 ? { Range: `bytes=${have}-` } : {};
			const out = fs.openSync(part, "a");
			const { failed } = await this.#request(
				"GET",
				file.target,
				{ ...sign, ...range },
				{
					onHead: ({ statusCode }) =>
						statusCode === (have > 0 ? 206 : 200),
					onData: (bytes) => {
						const use = bytes.subarray(0, stopAfter - taken);
						fs.writeSync(out, use);
						taken += use.length;
						return taken < stopAfter;
					},
				},
			);
			fs.closeSync(out);
			if (taken >= stopAfter) return "killed";
			if (!failed && fs.statSync(part).size === total) {
				fs.renameSync(part, final);
				return head.status;
			}
		}
		return -1;
	}
}
