// SPDX-License-Identifier: Apache-2.0
// The console as Lighthouse would look at it (tests/browser/checks.mjs): the way in, and main pages
// of each role, a first view and a second one, medians of several fresh browsers before a demo.
// Prints a JSON line for each view; asserts nothing.
// `SALLYPORT_BUILD=... PORT=... node tests/bench/bench_console.mjs [RUNS]`; needs what
// tests/browser does.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { MAIN_PAGES, trust, view } from "../browser/checks.mjs";

const RUNS = Number(process.argv[2] ?? 7);
const require = createRequire(new URL("../browser/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const root = fileURLToPath(new URL("../../", import.meta.url));
const build = path.resolve(process.env.SALLYPORT_BUILD ?? path.join(root, "build"));
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const folder = fs.mkdtempSync("/tmp/sallyport-bench-");
fs.chmodSync(folder, 0o755);
const port = process.env.PORT ?? "9860";
const demo = spawn(
	path.join(build, "bin/sallyport"),
	["demo", "--dir", `${folder}/demo`, "--port", port],
	{ stdio: "ignore" },
);
const file = `${folder}/demo/demo.json`;

while (!fs.existsSync(file)) {
	if (demo.exitCode !== null) throw new Error("the demo has ended");
	await new Promise((resolve) => setTimeout(resolve, 200));
}
const { url, tokens } = JSON.parse(fs.readFileSync(file, "utf8"));
const executablePath =
	process.env.SALLYPORT_CHROMIUM ??
	execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();

/** A first and a second view by a browser that was never here. */
async function look(role, address) {
	const browser = await chromium.launch({
		executablePath,
		args: ["--no-sandbox", await trust(url)],
	});
	const context = await browser.newContext({
		ignoreHTTPSErrors: true,
		...(role && { extraHTTPHeaders: { Authorization: `Bearer ${tokens[role]}` } }),
	});
	const found = [await view(context, url, address), await view(context, url, address)];

	await browser.close();
	return found;
}

function print(role, address, which, found) {
	const of = (name) => median(found.map((one) => one[name]));
	const most = (name) => Math.max(...found.map((one) => one[name].length));

	console.log(
		JSON.stringify({
			bench: "console",
			page: address,
			role: role ?? "nobody",
			view: which,
			runs: found.length,
			load: Number(os.loadavg()[0].toFixed(1)),
			...Object.fromEntries(
				["fcp", "lcp", "cls", "tbt", "bytes", "requests", "elsewhere"].map(
					(name) => [name, of(name)],
				),
			),
			errors: most("errors"),
			faults: most("faults"),
		}),
	);
}

try {
	for (const [role, address] of MAIN_PAGES) {
		const found = [];
		for (let i = 0; i < RUNS; i++) found.push(await look(role, address));
		for (const [i, which] of ["first", "second"].entries())
			print(
				role,
				address,
				which,
				found.map((views) => views[i]),
			);
	}
} finally {
	demo.kill("SIGTERM");
	await new Promise((resolve) => demo.once("exit", resolve));
	fs.rmSync(folder, { recursive: true, force: true });
}
