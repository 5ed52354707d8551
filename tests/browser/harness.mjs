// SPDX-License-Identifier: Apache-2.0
// A real browser before a real gateway: Debian's Chromium by playwright-core. Pages are opened as
// somebody of the demo who is signed in; whatever a page does against its own policy (a violation
// of CSP or Trusted Types, an error on its console, a request elsewhere) fails the test it happened
// in.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { build, gatewayForThisFile } from "../integration/gateway.mjs";
import { expect } from "../integration/http.mjs";
import { trust } from "./checks.mjs";

const require = createRequire(import.meta.url);
const axeSource = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const PASSWORD = "correct horse battery staple";
const COOKIE = "__Host-sallyport";
// What Chromium says of every answer that is no success; the page says it to the reader.
const ANSWERS = /^Failed to load resource: the server responded with a status of/;

/** The narrowest that pages are made for. */
export const PHONE = { width: 320, height: 640 };

/** A4 between its margins, at 96 pixels an inch. */
const PAPER = { width: 718, height: 1047 };

/** Pictures of pages, for people to look at: build/screenshots/NAME-THEME.png. */
export const pictures = path.join(build, "screenshots");

function findBrowser() {
	const names = ["chromium", "chromium-browser", "google-chrome"];
	const places = (process.env.PATH ?? "").split(":");
	const all = [
		process.env.SALLYPORT_CHROMIUM,
		...names.flatMap((name) => places.map((place) => path.join(place, name))),
	];

	return all.find((file) => file && fs.existsSync(file));
}

const program = findBrowser();
export const skip = program ? false : "Chromium is not installed here (Debian's package chromium)";

/** Writes down what a page must not do. */
async function watch(context, { gateway, elsewhere, faults }) {
	const origin = gateway.url;
	const isTheirs = (url) => [...elsewhere].some((one) => String(url).startsWith(`${one}/`));

	await context.exposeFunction("__violation", (what) => faults.push(`policy: ${what}`));
	await context.addInitScript((ours) => {
		if (location.origin !== ours) return;
		addEventListener("securitypolicyviolation", (event) =>
			globalThis.__violation(
				`${event.violatedDirective} ${event.blockedURI} ` +
					`${event.sourceFile}:${event.lineNumber} ${event.sample}`,
			),
		);
	}, origin);
	context.on("request", (request) => {
		const url = new URL(request.url());
		const isOurs = url.origin === origin || ["data:", "blob:"].includes(url.protocol);
		if (!isOurs && !isTheirs(url) && !isTheirs(request.frame().url()))
			faults.push(`request elsewhere: ${request.url()}`);
	});
	context.on("console", (message) => {
		if (isTheirs(message.page()?.url())) return;
		if (message.type() === "error" && !ANSWERS.test(message.text()))
			faults.push(`console: ${message.text()}`);
	});
	context.on("weberror", (error) => faults.push(`thrown: ${error.error().stack}`));
}

class Here {
	passwords = new Map();
	contexts = [];
	faults = [];
	elsewhere = new Set(); // origins of identity providers, whose pages are theirs

	/** The name of somebody of demo.json, and a password that works. */
	async account(role) {
		if (!this.passwords.has(role)) {
			const code = this.gateway.codes[role];
			await this.begin({ code, password: PASSWORD });
			this.passwords.set(role, { name: role, password: PASSWORD });
		}
		return this.passwords.get(role);
	}

	/** Begin a session: the value of its cookie. */
	async begin(body) {
		const answer = await expect(201, this.gateway, "POST", "/api/v1/sessions", {
			body,
			headers: { origin: this.gateway.url },
		});
		return answer.headers["set-cookie"][0].split(";")[0].slice(COOKIE.length + 1);
	}

	/** A browser of its own, whose user is signed in as `role`; null: nobody is. */
	async context(role, options = {}) {
		const context = await this.browser.newContext({
			ignoreHTTPSErrors: true, // a CA of the demo's own
			viewport: { width: 1280, height: 900 },
			locale: "en-US",
			timezoneId: "Europe/Berlin",
			reducedMotion: "reduce",
			...options,
		});

		this.contexts.push(context);
		context.setDefaultTimeout(120000);
		await watch(context, this);
		if (role) {
			const { name, password } = await this.account(role);
			await context.addCookies([
				{
					name: COOKIE,
					value: await this.begin({ name, password }),
					domain: "127.0.0.1",
					path: "/",
					secure: true,
					httpOnly: true,
					sameSite: "Lax",
				},
			]);
		}
		return context;
	}

	/** A page at `address`, of a fresh browser. */
	async open(role, address = "/", options = {}) {
		const context = await this.context(role, options);
		const page = await context.newPage();

		await page.goto(this.gateway.url + address);
		await page.locator("main h1").first().waitFor();
		return page;
	}

	/** Axe finds nothing in either theme, nothing is wider than a phone; and pictures. */
	async look(page, name) {
		for (const theme of ["light", "dark"]) {
			await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
			await assertAccessible(page, `${name}, ${theme}`);
			fs.mkdirSync(pictures, { recursive: true });
			await page.screenshot({
				path: path.join(pictures, `${name}-${theme}.png`),
				fullPage: true,
			});
		}
		await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
		await assertNarrow(page, name);
	}

	/** A page as a phone shows it: axe finds nothing, nothing is wider; and a picture. */
	async glance(page, name) {
		await assertAccessible(page, name);
		await assertFits(page, name);
		fs.mkdirSync(pictures, { recursive: true });
		await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
	}

	/** On paper: nothing to press, nothing cut off, all rows of its tables; and a PDF of it. */
	async print(page, name) {
		await page.emulateMedia({ media: "print", colorScheme: "light" });
		await page.waitForFunction(() => globalThis.matchMedia("print").matches);
		const before = page.viewportSize();
		await page.setViewportSize(PAPER);
		const found = await page.evaluate(onPaper);
		await page.setViewportSize(before);
		await page.emulateMedia({
			media: "screen",
			colorScheme: "light",
			reducedMotion: "reduce",
		});
		assert.deepEqual(found, [], `${name}, on paper`);
		const file = path.join(pictures, `${name}.pdf`);
		fs.mkdirSync(pictures, { recursive: true });
		const bytes = await page.pdf({ path: file, format: "A4" });
		assert.equal(bytes.subarray(0, 5).toString(), "%PDF-");
	}

	/** What pages have done against their policy since the last call. */
	takeFaults() {
		return this.faults.splice(0);
	}
}

/** In the page: what paper must not have. */
function onPaper() {
	const isShown = (one) => one.getClientRects().length > 0;
	const named = (one) => `<${one.tagName} class="${one.className}">`;
	const pressed = [...document.querySelectorAll("nav, .top, .actions, .filters, .copy")];
	const isCut = (one) => {
		const { overflowX, overflowY } = getComputedStyle(one);
		return (
			(overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1) ||
			(overflowY !== "visible" && one.scrollHeight > one.clientHeight + 1)
		);
	};
	const all = [...document.querySelectorAll("main, main *")].filter(isShown);
	const short = [...document.querySelectorAll("[role=grid]")].filter(
		(one) =>
			one.querySelectorAll(".rows [role=row]").length !==
			Number(one.getAttribute("aria-rowcount")) - 1,
	);
	const wide = document.documentElement.scrollWidth > innerWidth ? ["wider than paper"] : [];

	return [
		...pressed.filter(isShown).map((one) => `shown: ${named(one)}`),
		...all
			.filter((one) => !one.matches(".unseen, .unseen *") && isCut(one))
			.map((one) => `cut off: ${named(one)}`),
		...short.map(() => "rows are missing"),
		...wide,
	];
}

export async function assertAccessible(page, where) {
	await page.evaluate(axeSource);
	const found = await page.evaluate(async () => {
		const result = await globalThis.axe.run(document, {
			runOnly: [
				"wcag2a",
				"wcag2aa",
				"wcag21a",
				"wcag21aa",
				"wcag22aa",
				"best-practice",
			],
		});
		return result.violations.map((one) => ({
			id: one.id,
			help: one.help,
			at: one.nodes
				.slice(0, 4)
				.map((node) => `${node.html} — ${node.failureSummary}`),
		}));
	});
	assert.deepEqual(found, [], `axe, ${where}`);
}

/** On a phone of 320 pixels the page itself does not scroll sideways. */
async function assertNarrow(page, name) {
	const before = page.viewportSize();

	await page.setViewportSize(PHONE);
	await assertFits(page, name, true);
	await page.setViewportSize(before);
}

async function assertFits(page, name, takesPicture) {
	// What measures itself (charts, tables) does so a frame later.
	const isNarrow = () => document.documentElement.scrollWidth <= 320;
	await page.waitForFunction(isNarrow, null, { timeout: 5000 }).catch(() => {});
	const width = await page.evaluate(() => document.documentElement.scrollWidth);
	if (takesPicture)
		await page.screenshot({
			path: path.join(pictures, `${name}-phone.png`),
			fullPage: true,
		});
	const wide = width > 320 ? await page.evaluate(widest) : [];
	assert.ok(width <= 320, `${name}: ${width} pixels wide where 320 are there: ${wide}`);
}

/** In the page: the texts that reach furthest beyond its right edge. */
function widest() {
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	const found = [];

	while (walker.nextNode()) {
		const node = walker.currentNode;
		const range = document.createRange();
		range.selectNode(node);
		const { right } = range.getBoundingClientRect();
		const { tagName, className } = node.parentElement;
		const said = `<${tagName} class="${className}"> ${node.textContent.slice(0, 60)}`;
		if (right > 320) found.push([Math.round(right), said]);
	}
	return found
		.sort(([a], [b]) => b - a)
		.slice(0, 5)
		.join("; ");
}

/** One demo and one browser for all tests of this file; `prepare(here)` once they run. */
export function browserForThisFile(prepare = async () => {}) {
	const here = new Here();

	if (skip) return here;
	gatewayForThisFile(async (gateway) => {
		here.gateway = gateway;
		here.browser = await chromium.launch({
			executablePath: program,
			args: [
				"--no-sandbox",
				"--disable-gpu",
				"--disable-dev-shm-usage",
				await trust(gateway.url),
			],
		});
		await prepare(here);
	});
	after(async () => {
		await here.browser?.close();
	});
	return here;
}

/** A test in the browser: its pages are closed after it, and must have kept to their policy. */
export function scenario(here, name, run, options = {}) {
	test(name, { skip, ...options }, async (t) => {
		try {
			await run(t);
			assert.deepEqual(here.takeFaults(), []);
		} catch (error) {
			for (const fault of here.takeFaults()) t.diagnostic(fault);
			throw error;
		} finally {
			await Promise.all(
				here.contexts.splice(0).map((context) => context.close()),
			);
			here.takeFaults();
		}
	});
}
