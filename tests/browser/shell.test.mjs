// SPDX-License-Identifier: Apache-2.0
// The frame of the console: signing in and out, the menu, languages, themes, the keyboard.
import assert from "node:assert/strict";
import { MAIN_PAGES, view } from "./checks.mjs";
import { browserForThisFile, PHONE, scenario } from "./harness.mjs";

const FIRST_VIEW_BYTES = 150 * 1024; // compressed, headers included

const here = browserForThisFile();

scenario(here, "a deep link leads to the sign-in page, and then to where it pointed", async () => {
	const { name, password } = await here.account("researcher");
	const page = await here.open(null, "/");

	await here.look(page, "sign-in");
	await page.getByLabel("Name").fill(name);
	await page.getByLabel("Password").fill("wrong");
	await page.keyboard.press("Enter");
	await page.getByText("That is not right").waitFor();
	await page.getByLabel("Password").fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByText(name, { exact: true }).first().waitFor();
	assert.equal(new URL(page.url()).pathname, "/");
});

scenario(
	here,
	"the menu shows what one's offices allow, and the home page says what for",
	async () => {
		for (const role of ["researcher", "admin", "auditor"]) {
			const page = await here.open(role);
			await here.look(page, `home-${role}`);
		}
	},
);

scenario(here, "every page is reached by the keyboard: Ctrl+K, and g with a letter", async () => {
	const page = await here.open("researcher");

	await page.keyboard.press("Control+k");
	await page.getByRole("combobox", { name: "Go to a page" }).fill("mod");
	await here.look(page, "palette");
	await page.keyboard.press("Enter");
	await page.waitForURL("**/models");
	await page.keyboard.press("?");
	await page.getByRole("heading", { name: "Keyboard" }).waitFor();
	await here.look(page, "keyboard");
	await page.keyboard.press("Escape");
	await page.getByRole("heading", { name: "Keyboard" }).waitFor({ state: "detached" });
	await page.keyboard.press("g");
	await page.keyboard.press("h");
	await page.waitForURL(`${here.gateway.url}/`);
	await page.goBack();
	await page.waitForURL("**/models");
});

scenario(
	here,
	"the catalogue is open to all, and is searched and filtered by address",
	async () => {
		const page = await here.open(null, "/models?q=story");

		await page.getByRole("link", { name: here.gateway.model }).waitFor();
		await here.look(page, "catalogue");
		await page.getByLabel("Search by name").fill("no such thing");
		await page.getByRole("heading", { name: "No model fits" }).waitFor();
		await here.look(page, "catalogue-empty");
		assert.equal(new URL(page.url()).searchParams.get("q"), "no such thing");
	},
);

scenario(here, "the console speaks German, too", async () => {
	const page = await here.open(null, "/", { locale: "de-DE" });

	await page.getByRole("heading", { name: "Bei Sallyport anmelden" }).waitFor();
	assert.equal(await page.locator("html").getAttribute("lang"), "de");
	await here.look(page, "sign-in-de");
	await page.getByLabel("Sprache").selectOption("en");
	await page.getByRole("heading", { name: "Sign in to Sallyport" }).waitFor();
});

scenario(here, "what does not exist says so, and leads home", async () => {
	const page = await here.context("researcher").then((context) => context.newPage());

	await page.goto(`${here.gateway.url}/admin/nothing`);
	await page.getByRole("heading", { name: "There is no such page" }).waitFor();
	await here.look(page, "not-found");
});

function assertInOrder(seen, where) {
	assert.deepEqual(seen.faults, [], where);
	assert.deepEqual(seen.errors, [], where);
	assert.equal(seen.elsewhere, 0, where);
	assert.match(seen.title, /^.+ · Sallyport$/, where);
}

/** A first view, and one on a phone, when the assets are there. */
async function lookTwice(role, address) {
	const context = await here.context(role);
	const first = await view(context, here.gateway.url, address);
	const second = await view(context, here.gateway.url, address, PHONE);
	const where = `${address} of ${role ?? "nobody"}`;
	const isAsset = ({ path }) => path.startsWith("/assets/");
	const assets = first.asked.filter(isAsset);

	await context.close();
	assertInOrder(first, where);
	assertInOrder(second, `${where}, on a phone`);
	assert.ok(first.bytes <= FIRST_VIEW_BYTES, `${where}: ${first.bytes} bytes`);
	assert.ok(assets.length >= 2, where);
	for (const { path, cache, encoding } of assets) {
		assert.match(cache, /max-age=31536000, immutable/, path);
		if (!path.endsWith(".svg")) assert.match(encoding ?? "", /^(br|gzip)$/, path);
	}
	assert.deepEqual(
		second.asked.filter((one) => isAsset(one) && !one.isCached),
		[],
		where,
	);
}

scenario(
	here,
	"main pages are small, loaded once, and in order: titles, headings, names, targets",
	async () => {
		const roles = [...new Set(MAIN_PAGES.map(([role]) => role))];

		await Promise.all(
			roles.map(async (role) => {
				for (const [who, address] of MAIN_PAGES)
					if (who === role) await lookTwice(role, address);
			}),
		);
	},
);
