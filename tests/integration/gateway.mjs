// SPDX-License-Identifier: Apache-2.0
// The real thing for a file of tests: `sallyport demo` in a fresh folder, stopped at the end, when
// it must have left no process and no plaintext weights.
import assert from "node:assert/strict";
import { spawn, execFile } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { Database } from "./database.mjs";
import { agentOf, ask, until } from "./http.mjs";

const START_SECONDS = 120;
export const root = fileURLToPath(new URL("../../", import.meta.url));
export const build = path.resolve(process.env.SALLYPORT_BUILD ?? path.join(root, "build"));
export const shared = path.resolve(process.env.SALLYPORT_SHARED ?? path.join(root, "../shared"));
export const program = path.join(build, "bin/sallyport");
export const demoModel = path.join(root, "tests/data/demo-model");

/** A fresh folder that PostgreSQL's own user can pass through. */
export function makeFolder() {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sallyport-test-"));
	fs.chmodSync(folder, 0o755);
	return folder;
}

function freePort() {
	return new Promise((resolve, reject) => {
		const server = net.createServer();
		server.on("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

/** Every process now: its id, its parent's, when it began (an id may be used again). */
function processes() {
	const all = [];

	for (const name of fs.readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
		try {
			const stat = fs.readFileSync(`/proc/${name}/stat`, "utf8");
			const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
			if (fields[0] !== "Z")
				all.push({
					id: Number(name),
					parent: Number(fields[1]),
					began: fields[19],
					command: stat.slice(
						stat.indexOf("(") + 1,
						stat.lastIndexOf(")"),
					),
				});
		} catch {
			// It has ended meanwhile.
		}
	}
	return all;
}

function descendantsOf(id) {
	const all = processes();
	const found = all.filter((one) => one.parent === id);

	for (let i = 0; i < found.length; i++)
		found.push(...all.filter((one) => one.parent === found[i].id));
	return found;
}

/** Stretches of the weights that no other file holds by accident. */
function samplesOf(weights) {
	const bytes = fs.readFileSync(weights);
	const headerSize = Number(bytes.readBigUInt64LE(0)) + 8;
	const step = Math.floor((bytes.length - headerSize) / 17);

	return Array.from({ length: 16 }, (_, i) => {
		const at = headerSize + (i + 1) * step - 48;
		return bytes.subarray(at, at + 48);
	}).filter((sample) => new Set(sample).size > 16);
}

function filesBelow(folder) {
	return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const below = path.join(folder, entry.name);
		if (entry.isDirectory()) return filesBelow(below);
		return entry.isFile() ? [below] : [];
	});
}

function assertNoPlaintext(folder, weights) {
	const samples = samplesOf(weights);

	assert.ok(samples.length > 8, "the weights have stretches to look for");
	for (const file of filesBelow(folder)) {
		const bytes = fs.readFileSync(file);
		for (const sample of samples)
			assert.equal(bytes.indexOf(sample), -1, `${file} holds plaintext weights`);
	}
}

/** A running demo. Fields of demo.json stand in it: url, model, revision, tokens, issuer, ... */
export class Gateway {
	constructor(folder, child, info, said = () => "") {
		Object.assign(this, info);
		this.said = said; // by the demo and its processes, so far
		this.folder = folder;
		this.dir = path.join(folder, "demo");
		this.child = child;
		this.caFile = info.ca;
		this.ca = fs.readFileSync(info.ca);
		this.agent = agentOf(this.ca);
	}

	/** The processes of one kind: "sallyport-edge", ... (the kernel keeps 15 bytes of it) */
	processesNamed(command) {
		// The database is no child of a gateway that was given other settings.
		const server = this.database?.pid;
		const all = [
			...descendantsOf(this.child.pid),
			...processes().filter((one) => server && one.id === server),
			...(server ? descendantsOf(server) : []),
		];
		const isNew = (one, i) => all.findIndex((other) => other.id === one.id) === i;
		return all.filter(isNew).filter((one) => one.command === command.slice(0, 15));
	}

	/** Run the CLI with a person's token; resolves to {code, stdout, stderr}. */
	cli(token, ...words) {
		return this.cliStarted(token, ...words).done;
	}

	/** The same, with the running process at hand. */
	cliStarted(token, ...words) {
		const environment = {
			...process.env,
			HOME: this.folder,
			XDG_CONFIG_HOME: this.folder,
			XDG_STATE_HOME: this.folder,
			SALLYPORT_URL: this.url,
			SALLYPORT_CA: this.caFile,
			SALLYPORT_TOKEN: token,
		};
		let process_;
		const done = new Promise((resolve) => {
			process_ = execFile(
				program,
				words,
				{ env: environment, timeout: 120000, maxBuffer: 64 << 20 },
				(error, stdout, stderr) =>
					resolve({
						code: error ? (error.code ?? error.signal) : 0,
						stdout,
						stderr,
					}),
			);
		});
		return { process: process_, done };
	}

	/** Stop what was started; the folder stays. Nothing of its family may be left. */
	async stopChild() {
		const family = descendantsOf(this.child.pid);
		const ended = new Promise((resolve) => this.child.once("exit", resolve));

		this.child.kill("SIGTERM");
		await ended;
		const isLeft = (one) =>
			processes().some(
				(other) => other.id === one.id && other.began === one.began,
			);
		assert.deepEqual(family.filter(isLeft), [], "processes are left");
	}

	/** Serve the same folder again, by `sallyport serve`. */
	serve() {
		const log = fs.openSync(path.join(this.folder, "serve.log"), "a");
		this.child = spawn(program, ["serve", "--config", this.config], {
			stdio: ["ignore", "ignore", log],
		});
		fs.closeSync(log);
	}

	/** Serve the same folder with other settings of [gateway]: {edges: 2, ...}; `meanwhile` is
	 * done while the gateway is down and its database is up. */
	async serveWith(settings, meanwhile = async () => {}) {
		const database = new Database(this);
		this.database = database;
		const config = fs.readFileSync(this.config, "utf8");
		const lines = Object.entries(settings).map(
			([name, value]) => `${name} = ${value}\n`,
		);

		await this.stopChild();
		fs.writeFileSync(
			this.config,
			config.replace("[gateway]\n", "[gateway]\n" + lines.join("")),
		);
		await database.start();
		this.atStop = () => database.stop();
		await meanwhile();
		this.serve();
		await until("the gateway to serve again", START_SECONDS, async () => {
			return (await ask(this, "GET", "/readyz")).status === 200;
		});
	}

	async stop() {
		this.agent.destroy();
		try {
			await this.stopChild();
		} finally {
			await this.atStop?.();
		}
		assertNoPlaintext(this.dir, path.join(demoModel, "model.safetensors"));
		fs.rmSync(this.folder, { recursive: true, force: true });
	}
}

/** `demo`: another program than the built one; `words`: more options of `sallyport demo`. */
export async function startGateway({ demo = program, words = [] } = {}) {
	const folder = makeFolder();
	const dir = path.join(folder, "demo");
	const summary = path.join(dir, "demo.json");
	const port = await freePort();
	const options = ["demo", "--dir", dir, "--port", String(port), ...words];
	const child = spawn(demo, options, { stdio: ["ignore", "pipe", "pipe"] });
	let said = "";

	child.stdout.on("data", (part) => {
		said += part;
	});
	child.stderr.on("data", (part) => {
		said += part;
	});
	const ended = new Promise((resolve) => child.once("close", resolve));
	process.once("exit", () => child.kill("SIGTERM"));
	try {
		await Promise.race([
			until("the demo", START_SECONDS, () => fs.existsSync(summary)),
			ended.then((code) => {
				throw new Error(`the demo ended with ${code}`);
			}),
		]);
	} catch (error) {
		child.kill("SIGTERM");
		throw new Error(`${error.message}; it said:\n${said}`);
	}
	const info = JSON.parse(fs.readFileSync(summary, "utf8"));
	const gateway = new Gateway(folder, child, info, () => said);
	// Every suite can be run with several edges.
	if (process.env.SALLYPORT_EDGES) {
		const edges = process.env.SALLYPORT_EDGES;
		await gateway.serveWith({ edges, engines: Math.max(edges, 2) });
	}
	return gateway;
}

/**
 * One demo for the tests of the calling file. The object fills when the tests begin; use its
 * members inside tests only.
 */
export function gatewayForThisFile(prepare = async () => {}, options = () => ({})) {
	const holder = {};

	before(async () => {
		holder.gateway = await startGateway(options());
		await prepare(holder.gateway, holder);
	});
	after(async () => {
		await holder.gateway?.stop();
	});
	return holder;
}
