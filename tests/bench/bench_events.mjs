// SPDX-License-Identifier: Apache-2.0
// How smoothly the event explorer scrolls 100,000 events: the times between frames while the list
// comes page by page, and once all of it is there; and what a frame costs the page's thread, which
// does not depend on who else uses the machine. Prints a JSON line for each; asserts nothing.
// `SALLYPORT_BUILD=... PORT=... node tests/bench/bench_events.mjs`; needs what tests/browser does.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fillWithEvents } from "../browser/many_events.mjs";

const EVENTS = 100_000;
const FRAMES = 600;
const PIXELS = 820; // a frame: 20 rows, 1,200 a second
const LATE_MS = 25; // a frame of 16.7 ms that was left out
const NAME = "sallyport-bench";
const require = createRequire(new URL("../browser/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const root = fileURLToPath(new URL("../../", import.meta.url));
const build = path.resolve(process.env.SALLYPORT_BUILD ?? path.join(root, "build"));
const folder = fs.mkdtempSync(`/tmp/${NAME}-`);
fs.chmodSync(folder, 0o755);
const demo = spawn(
	path.join(build, "bin/sallyport"),
	["demo", "--dir", `${folder}/demo`, "--port", process.env.PORT ?? "9861"],
	{ stdio: "ignore" },
);
const file = `${folder}/demo/demo.json`;

while (!fs.existsSync(file)) {
	if (demo.exitCode !== null) throw new Error("the demo has ended");
	await new Promise((resolve) => setTimeout(resolve, 200));
}
const gateway = JSON.parse(fs.readFileSync(file, "utf8"));
const executablePath =
	process.env.SALLYPORT_CHROMIUM ??
	execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();

/** Scrolls down, back at the end, and takes the time of each frame. */
const scroll = (page) =>
	page.evaluate(
		([frames, pixels]) =>
			new Promise((resolve) => {
				const box = document.querySelector("[role=grid]");
				const times = [];
				let way = 1;
				const step = (now) => {
					times.push(now);
					if (times.length > frames) return resolve(times);
					if (
						box.scrollTop + box.clientHeight >=
						box.scrollHeight - 1
					)
						way = -1;
					if (box.scrollTop === 0) way = 1;
					box.scrollTop += way * pixels;
					requestAnimationFrame(step);
				};
				requestAnimationFrame(step);
			}),
		[FRAMES, PIXELS],
	);

/** What the page's thread has worked so far, in milliseconds of its processor. */
async function worked(devtools) {
	const { metrics } = await devtools.send("Performance.getMetrics");
	return 1000 * metrics.find(({ name }) => name === "TaskDuration").value;
}

async function report(page, devtools, what) {
	const before = await worked(devtools);
	const times = await scroll(page);
	const work = ((await worked(devtools)) - before) / FRAMES;
	const gaps = times.slice(1).map((time, i) => time - times[i]);
	const sorted = [...gaps].sort((a, b) => a - b);
	const at = (share) => Number(sorted[Math.floor(share * (sorted.length - 1))].toFixed(1));
	const rows = await page.locator("[role=grid]").getAttribute("aria-rowcount");
	const late = gaps.filter((gap) => gap > LATE_MS).length;
	const figures = {
		p50: at(0.5),
		p95: at(0.95),
		p99: at(0.99),
		max: at(1),
		late,
		cpu: Number(work.toFixed(2)),
	};

	console.log(
		JSON.stringify({
			bench: "events",
			what,
			rows: rows - 1,
			frames: FRAMES,
			...figures,
		}),
	);
}

async function loadAll(page) {
	for (let rows = 0; rows < EVENTS;)
		rows = await page.evaluate(async () => {
			const box = document.querySelector("[role=grid]");
			box.scrollTo(0, box.scrollHeight);
			await new Promise((resolve) => setTimeout(resolve, 100));
			return Number(box.ariaRowCount) - 1;
		});
	await page.evaluate(() => document.querySelector("[role=grid]").scrollTo(0, 0));
}

try {
	fillWithEvents(gateway, EVENTS);
	const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
	const context = await browser.newContext({
		ignoreHTTPSErrors: true,
		extraHTTPHeaders: { Authorization: `Bearer ${gateway.tokens.auditor}` },
	});
	const page = await context.newPage();

	await page.goto(`${gateway.url}/audit/events?model=many/events`);
	await page.locator("[role=grid]").waitFor();
	const devtools = await context.newCDPSession(page);

	await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
	await report(page, devtools, "while it loads");
	await loadAll(page);
	await report(page, devtools, "loaded");
	await browser.close();
} finally {
	demo.kill("SIGTERM");
	await new Promise((resolve) => demo.once("exit", resolve));
	fs.rmSync(folder, { recursive: true, force: true });
}
