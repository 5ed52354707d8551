// SPDX-License-Identifier: Apache-2.0
// The frame of the console: signing in and out, the menu, languages, themes, the keyboard.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";

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
