// SPDX-License-Identifier: Apache-2.0
// How soon the console is there: medians of several fresh browsers before a demo.
// `SALLYPORT_BUILD=... PORT=... node tests/bench/bench_console.mjs`; needs what tests/browser does.
// Prints; asserts nothing.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const RUNS = 7;
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
const { url } = JSON.parse(fs.readFileSync(file, "utf8"));
const executablePath =
	process.env.SALLYPORT_CHROMIUM ??
	execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();

/** Largest Contentful Paint of a first view, in milliseconds, and what it loaded, in bytes. */
async function view(browser, address) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true });
	const page = await context.newPage();

	await page.goto(url + address, { waitUntil: "networkidle" });
	const found = await page.evaluate(
		() =>
			new Promise((resolve) => {
				new PerformanceObserver((list) =>
					resolve({
						lcp: list.getEntries().at(-1).startTime,
						bytes: performance
							.getEntriesByType("resource")
							.concat(
								performance.getEntriesByType(
									"navigation",
								),
							)
							.reduce(
								(sum, one) =>
									sum + one.encodedBodySize,
								0,
							),
					}),
				).observe({ type: "largest-contentful-paint", buffered: true });
			}),
	);
	await context.close();
	return found;
}

try {
	for (const address of ["/", "/models", "/log-status"]) {
		const found = [];
		for (let i = 0; i < RUNS; i++) {
			const browser = await chromium.launch({
				executablePath,
				args: ["--no-sandbox"],
			});
			found.push(await view(browser, address));
			await browser.close();
		}
		const lcp = median(found.map((one) => one.lcp)).toFixed(0);
		const bytes = median(found.map((one) => one.bytes));
		console.log(`${address.padEnd(14)} LCP ${lcp} ms, ${bytes} bytes`);
	}
} finally {
	demo.kill("SIGTERM");
	await new Promise((resolve) => demo.once("exit", resolve));
	fs.rmSync(folder, { recursive: true, force: true });
}
