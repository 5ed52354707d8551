// SPDX-License-Identifier: Apache-2.0
// The demo's PostgreSQL, taken away and given back.
import { execFile, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import { promisify } from "node:util";
import { until } from "./http.mjs";

const STOP_SECONDS = 30;

function isRunning(pid) {
	try {
		process.kill(pid, 0);
		// Dead, and not yet asked after by its parent, is not running.
		return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
	} catch {
		return false;
	}
}

export class Database {
	constructor(gateway) {
		const [server] = gateway.processesNamed("postgres");
		this.pid = server.id;
		this.program = fs.readlinkSync(`/proc/${this.pid}/exe`);
		this.words = fs
			.readFileSync(`/proc/${this.pid}/cmdline`, "utf8")
			.split("\0")
			.slice(1, -1);
		this.folder = this.words[this.words.indexOf("-D") + 1];
	}

	/** A fast shutdown: sessions are cut, what is committed is written. */
	async stop() {
		const { pid } = this;
		if (!pid || !isRunning(pid)) return;
		process.kill(pid, "SIGINT");
		await until("PostgreSQL to stop", STOP_SECONDS, () => !isRunning(pid));
		this.pid = undefined;
	}

	/** The server's processes: it and its children. */
	processes() {
		const isChild = (name) => {
			try {
				const stat = fs.readFileSync(`/proc/${name}/stat`, "utf8");
				const parent = stat.slice(stat.lastIndexOf(")") + 4).split(" ")[0];
				return Number(parent) === this.pid;
			} catch {
				return false; // it has ended meanwhile
			}
		};
		const all = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
		return [this.pid, ...all.filter(isChild).map(Number)];
	}

	/** An immediate shutdown: nothing is written any more, the next start has to recover. */
	async crash() {
		const { pid } = this;
		process.kill(pid, "SIGQUIT");
		await until("PostgreSQL to be gone", STOP_SECONDS, () => !isRunning(pid));
		this.pid = undefined;
	}

	/** As its first start, by the same words and the same user. */
	async start() {
		const { uid, gid } = fs.statSync(this.folder);
		const identity = process.getuid() === 0 ? { uid, gid } : {};
		const child = spawn(this.program, this.words, {
			...identity,
			stdio: "ignore",
			cwd: "/",
		});
		this.pid = child.pid;
		await until(
			"PostgreSQL to start",
			STOP_SECONDS,
			() =>
				fs
					.readFileSync(`${this.folder}/postmaster.pid`, "utf8")
					.split("\n")[7]
					?.trim() === "ready",
		);
	}
}

const wordsOf = (gateway, statement) => [
	gateway.psql,
	"-qXAt",
	"-v",
	"ON_ERROR_STOP=1",
	"-c",
	`SET search_path = sallyport; ${statement}`,
];

/** What an operator types at psql; resolves to what it prints, unaligned. */
export function sql(gateway, statement) {
	return execFileSync("psql", wordsOf(gateway, statement), { encoding: "utf8" }).trim();
}

/** The same for tests that are servers themselves: these go on answering meanwhile. */
export async function sqlMeanwhile(gateway, statement) {
	const { stdout } = await promisify(execFile)("psql", wordsOf(gateway, statement));
	return stdout.trim();
}
