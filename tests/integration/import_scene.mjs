// SPDX-License-Identifier: Apache-2.0
// A gateway that imports from another one, and from a hub that misbehaves: what the tests of the
// courier share.
import assert from "node:assert/strict";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import { startGateway } from "./gateway.mjs";
import { makeCertificate } from "./hostile.mjs";
import { ask, until } from "./http.mjs";
import { freshName } from "./people.mjs";

const STALL_SECONDS = 2;
export const here = {};

/** A hub whose files misbehave: models[name] = {size, sha256, small, send(request, response)}. */
export class BadHub {
	constructor(folder) {
		const made = makeCertificate(folder, "bad-hub");

		this.certificate = made.file;
		this.models = {};
		this.asked = [];
		this.server = https.createServer(
			{ key: made.key, cert: made.certificate },
			(request, response) => this.answer(request, response),
		);
	}

	async listen() {
		await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
		this.port = this.server.address().port;
		this.url = `https://127.0.0.1:${this.port}`;
	}

	answer(request, response) {
		const [, name] = /\/bad\/([a-z-]+)/.exec(request.url) ?? [];
		const model = this.models[name];
		const send = (body) => {
			response.setHeader("content-type", "application/json");
			response.end(JSON.stringify(body));
		};

		this.asked.push({
			url: request.url,
			authorization: request.headers.authorization,
			host: request.headers.host,
			encoding: request.headers["accept-encoding"],
		});
		if (!model) {
			response.statusCode = 404;
			return response.end();
		}
		if (model.refuse) return model.refuse(response);
		if (model.first?.(request, response)) return undefined;
		if (request.url.includes("/revision/")) return send({ sha: model.sha ?? "c0ffee" });
		if (request.url.includes("/tree/"))
			return send(
				model.tree ?? [
					{
						type: "file",
						path: "w.safetensors",
						size: model.size,
						oid: "0".repeat(40),
						lfs: { oid: model.sha256, size: model.size },
					},
				],
			);
		return model.send(request, response);
	}

	close() {
		this.server.closeAllConnections?.();
		this.server.close();
	}
}

/** Give the importing gateway's courier other settings: it reads them when it starts. */
export async function configure(lines) {
	const { gateway, plainConfig } = here;
	const [old] = gateway.processesNamed("sallyport-courier");

	fs.writeFileSync(gateway.config, `${plainConfig}\n[courier]\n${lines.join("\n")}\n`);
	process.kill(old.id, "SIGTERM");
	await until("another courier", 20, () => {
		const now = gateway.processesNamed("sallyport-courier");
		return now.length === 1 && now[0].id !== old.id;
	});
	await until("a courier that answers", 20, async () => {
		const answer = await importOf("hf:none/none");
		return (
			answer.code !== 0 &&
			!/no such peer|is gone|not there/.test(answer.stderr)
		);
	});
}

/** The edge reads the settings when it starts, too. */
export async function restartEdge() {
	const [old] = here.gateway.processesNamed("sallyport-edge");

	process.kill(old.id, "SIGTERM");
	await until("another edge", 30, async () => {
		const now = here.gateway.processesNamed("sallyport-edge");
		const isReady = await ask(here.gateway, "GET", "/readyz");
		return now.length === 1 && now[0].id !== old.id && isReady.status === 200;
	});
}

export function usual() {
	return [
		`allow = 127.0.0.1:${new URL((here.upstream ?? here.bad).url).port}` +
			` 127.0.0.1:${here.bad.port}` +
			` localhost:${here.bad.port} 169.254.169.254`,
		"allow_private = yes",
		`ca_file = ${here.authorities}`,
		`stall_seconds = ${STALL_SECONDS}`,
	];
}

export const importOf = (source, name = freshName("tests/import"), ...words) =>
	here.gateway.cli(
		here.gateway.tokens.admin,
		"model",
		"import",
		name,
		source,
		"--gated",
		"no",
		...words,
	);

export async function isRefused(source, why) {
	const name = freshName("tests/refused");
	const done = await importOf(source, name);

	assert.equal(done.code, 1, done.stdout);
	assert.match(done.stderr, why);
	const tree = await ask(here.gateway, "GET", `/api/models/${name}/tree/main`, {
		token: here.gateway.tokens.admin,
	});
	assert.equal(tree.status, 404, "a revision is to be seen");
	return done;
}

export function tokenFile(token) {
	const file = path.join(here.gateway.folder, "source-token");
	fs.writeFileSync(file, `${token}\n`);
	return file;
}

/** For before(): one gateway, and another to import from if that is wanted. */
export async function setUp({ upstream = true } = {}) {
	[here.gateway, here.upstream] = await Promise.all([startGateway(),
		upstream ? startGateway() : undefined]);
	here.plainConfig = fs.readFileSync(here.gateway.config, "utf8");
	here.bad = new BadHub(here.gateway.folder);
	await here.bad.listen();
	here.authorities = path.join(here.gateway.folder, "authorities.pem");
	fs.writeFileSync(
		here.authorities,
		(upstream ? fs.readFileSync(here.upstream.caFile, "utf8") : "") +
			fs.readFileSync(here.bad.certificate),
	);
}

export async function tearDown() {
	here.bad?.close();
	await here.gateway?.stop();
	await here.upstream?.stop();
}
