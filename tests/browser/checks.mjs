// SPDX-License-Identifier: Apache-2.0
// What a page is like for who opens it, as Lighthouse would ask: how soon it paints and whether it
// jumps, what it loads the first and the second time, and whether its title, language, viewport,
// headings, names and tap targets are in order. Asserts nothing: tests and the bench do.
import crypto from "node:crypto";
import tls from "node:tls";

/** Least width and height of what is pressed, as WCAG 2.2 AA has it (2.5.8). */
export const TAP_PIXELS = 24;

/** The way in, and each role's home and main pages: who (null: nobody) opens what. */
export const MAIN_PAGES = [
	[null, "/sign-in"],
	[null, "/models"],
	["researcher", "/"],
	["researcher", "/requests"],
	["researcher", "/playground"],
	["admin", "/"],
	["admin", "/admin/requests"],
	["admin", "/admin/models"],
	["auditor", "/"],
	["auditor", "/audit/events"],
	["auditor", "/log-status"],
];

/**
 * An argument by which Chromium takes the gateway's certificate for good. With errors that are only
 * ignored it would cache nothing, and each view would be a first one.
 */
export async function trust(url) {
	const { hostname, port } = new URL(url);
	const key = await new Promise((resolve, reject) => {
		const socket = tls.connect(
			{ host: hostname, port, rejectUnauthorized: false },
			() => {
				const { raw } = socket.getPeerCertificate();
				const { publicKey } = new crypto.X509Certificate(raw);
				socket.end();
				resolve(publicKey.export({ type: "spki", format: "der" }));
			},
		);
		socket.on("error", reject);
	});
	const hash = crypto.createHash("sha256").update(key).digest("base64");

	return `--ignore-certificate-errors-spki-list=${hash}`;
}

/** In the page: its paints, shifts and long tasks so far, in milliseconds. */
function readTimes() {
	const entries = (type) =>
		new Promise((resolve) => {
			const observer = new PerformanceObserver((list) =>
				resolve(list.getEntries()),
			);
			observer.observe({ type, buffered: true });
			setTimeout(() => resolve([]), 200); // there were none
		});

	return Promise.all(
		["largest-contentful-paint", "layout-shift", "longtask", "paint"].map(entries),
	).then(([largest, shifts, tasks, paints]) => {
		const first = paints.find((one) => one.name === "first-contentful-paint");
		const from = first?.startTime ?? 0;

		return {
			fcp: Math.round(from),
			lcp: Math.round(largest.at(-1)?.startTime ?? 0),
			cls: Number(
				shifts
					.filter((one) => !one.hadRecentInput)
					.reduce((sum, one) => sum + one.value, 0)
					.toFixed(4),
			),
			tbt: Math.round(
				tasks
					.filter((one) => one.startTime + one.duration > from)
					.reduce((sum, one) => sum + one.duration - 50, 0),
			),
		};
	});
}

/** In the page: what is not as it should be, in words; nothing if all is. */
function readFaults(least) {
	const faults = [];
	const name = (element) => element.outerHTML.slice(0, 120);
	const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
	const all = (what) => [...document.querySelectorAll(what)].filter(isSeen);
	const viewport = document.querySelector("meta[name=viewport]")?.content ?? "";

	if (!document.title) faults.push("no title");
	if (!["en", "de"].includes(document.documentElement.lang)) faults.push("no language");
	if (!viewport.includes("width=device-width")) faults.push("viewport: not the device's");
	if (/user-scalable|maximum-scale/.test(viewport)) faults.push("viewport: does not zoom");
	if (!document.doctype) faults.push("no doctype");

	// Those of the menu come before the page's own, and say nothing of its order.
	const levels = all(":is(h1,h2,h3,h4,h5,h6):not(nav *)").map((one) => +one.localName[1]);
	if (levels.filter((level) => level === 1).length !== 1)
		faults.push(`headings: ${levels} (one h1)`);
	if (levels.some((level, i) => level > (levels[i - 1] ?? 0) + 1))
		faults.push(`headings: ${levels} (one is left out)`);

	const labelled = (one) =>
		one.ariaLabel ||
		one.getAttribute("aria-labelledby") ||
		one.title ||
		one.textContent.trim();
	for (const one of all("img"))
		if (!one.hasAttribute("alt")) faults.push(`no name: ${name(one)}`);
	for (const one of all("svg")) {
		const isHidden = one.closest("[aria-hidden=true]");
		if (!isHidden && !labelled(one)) faults.push(`no name: ${name(one)}`);
	}
	const pressed = "a[href],button,input,select,textarea,summary,[role=tab],[role=button]";
	for (const one of all("a[href],button,[role=tab],[role=button]"))
		if (!labelled(one)) faults.push(`no name: ${name(one)}`);

	// A link in a sentence is as high as its line; what is small has to stand by itself.
	const isInText = (one) =>
		getComputedStyle(one).display === "inline" &&
		one.parentElement.textContent.trim() !== one.textContent.trim();
	const targets = all(pressed)
		.filter((one) => !one.closest(".skip") && !isInText(one))
		.map((one) => {
			const box = ["checkbox", "radio"].includes(one.type)
				? (one.closest("label") ?? one)
				: one;
			return { one, box: box.getBoundingClientRect() };
		});
	const isSmall = ({ box }) => box.width < least || box.height < least;
	const away = (a, b) => {
		const [x, y] = [a.left + a.width / 2, a.top + a.height / 2];
		return Math.hypot(
			Math.max(b.left - x, 0, x - b.right),
			Math.max(b.top - y, 0, y - b.bottom),
		);
	};
	for (const target of targets.filter(isSmall))
		if (
			targets.some(
				(other) =>
					other !== target &&
					!target.one.contains(other.one) &&
					away(target.box, other.box) < least / 2,
			)
		) {
			const { width, height } = target.box;
			const size = `${width.toFixed(0)} x ${height.toFixed(0)}`;
			faults.push(`${size} pixels: ${name(target.one)}`);
		}
	return faults;
}

/** Writes down what the page asks for from now on. */
async function listen(page, url) {
	const devtools = await page.context().newCDPSession(page);
	const seen = { asked: new Map(), errors: [], elsewhere: 0 };

	devtools.on("Network.requestWillBeSent", ({ requestId, request }) => {
		const { origin, protocol, pathname } = new URL(request.url);
		if (["data:", "blob:"].includes(protocol)) return;
		if (origin !== new URL(url).origin) seen.elsewhere++;
		seen.asked.set(requestId, { path: pathname, bytes: 0, isCached: false });
	});
	devtools.on("Network.requestServedFromCache", ({ requestId }) => {
		if (seen.asked.has(requestId)) seen.asked.get(requestId).isCached = true;
	});
	devtools.on("Network.responseReceived", ({ requestId, response }) => {
		const one = seen.asked.get(requestId);
		if (!one) return;
		one.isCached ||= response.fromDiskCache;
		one.encoding = response.headers["content-encoding"];
		one.cache = response.headers["cache-control"];
	});
	devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
		const one = seen.asked.get(requestId);
		if (one && !one.isCached) one.bytes = encodedDataLength;
	});
	page.on("console", (message) => {
		// That nobody is signed in is an answer: the console asks who is.
		const isAnswer = /the server responded with a status of 401/.test(message.text());
		if (message.type() === "error" && !isAnswer) seen.errors.push(message.text());
	});
	page.on("pageerror", (error) => seen.errors.push(String(error)));
	await devtools.send("Network.enable");
	return seen;
}

/**
 * One view of an address, in a page of its own: times, what it asked for (`bytes` as they came over
 * the network, headers included), and faults. The second one of a context has a cache.
 * `size`: of the viewport, if not the context's.
 */
export async function view(context, url, address, size) {
	const page = await context.newPage();
	if (size) await page.setViewportSize(size);
	const seen = await listen(page, url);

	await page.goto(url + address, { waitUntil: "networkidle" });
	await page.locator("main h1").first().waitFor();
	const times = await page.evaluate(readTimes);
	const faults = await page.evaluate(readFaults, TAP_PIXELS);
	const title = await page.title();
	const asked = [...seen.asked.values()];

	await page.close();
	return {
		...times,
		title,
		bytes: asked.reduce((sum, one) => sum + one.bytes, 0),
		requests: asked.filter((one) => !one.isCached).length,
		elsewhere: seen.elsewhere,
		errors: seen.errors,
		faults,
		asked,
	};
}
