// SPDX-License-Identifier: Apache-2.0
// Tokens and keys, and a session that ends while somebody works.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { ask } from "../integration/http.mjs";

const here = browserForThisFile();
const whoIs = (token) => ask(here.gateway, "GET", "/api/v1/sessions/current", { token });

scenario(here, "a token is made, shown once, works, and is revoked at once", async () => {
	const page = await here.open("researcher", "/tokens");

	await page.getByRole("button", { name: "New token" }).click();
	await here.look(page, "token-new");
	await page.getByLabel("What is it for?").fill("<b>laptop</b>");
	await page.getByLabel("download weights").check();
	await page.getByRole("button", { name: "Make the token" }).click();
	const token = await page.getByText(/^hf_/).textContent();
	assert.equal((await whoIs(token)).status, 200);
	await page.getByRole("button", { name: "Close" }).last().click();
	await page.getByText("<b>laptop</b>").waitFor();
	await here.look(page, "tokens");
	await page.getByRole("button", { name: "Revoke “<b>laptop</b>”?" }).click();
	await page.getByRole("button", { name: "Revoke", exact: true }).click();
	await page.getByText("The token is revoked").waitFor();
	assert.equal((await whoIs(token)).status, 401);
});

scenario(here, "a key is made in the browser, enrolled, and revoked", async () => {
	const page = await here.open("stranger", "/keys");

	await page.getByRole("heading", { name: "No key is enrolled" }).waitFor();
	await here.look(page, "keys-empty");
	await page.getByRole("button", { name: "Make a key in this browser" }).click();
	await page.getByText("in this browser", { exact: true }).waitFor();
	await here.look(page, "keys");
	await page.reload();
	await page.getByText("in this browser", { exact: true }).waitFor();
	await page.getByRole("button", { name: /^Revoke the key/ }).click();
	await page.getByRole("button", { name: "Revoke", exact: true }).click();
	await page.getByText("The key is revoked").waitFor();
});

scenario(here, "a session that ends keeps the page, and asks to sign in over it", async () => {
	const { name, password } = await here.account("researcher");
	const page = await here.open("researcher", "/tokens");

	await page.getByRole("button", { name: "New token" }).click();
	await page.getByLabel("What is it for?").fill("half written");
	await page.context().clearCookies();
	await page.getByRole("button", { name: "Make the token" }).click();
	await page.getByRole("heading", { name: "Your session has ended" }).waitFor();
	await here.look(page, "session-ended");
	await page.getByLabel("Name", { exact: true }).fill(name);
	await page.getByLabel("Password").fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page
		.getByRole("heading", { name: "Your session has ended" })
		.waitFor({ state: "detached" });
	assert.equal(await page.getByLabel("What is it for?").inputValue(), "half written");
	await page.getByRole("button", { name: "Make the token" }).click();
	await page.getByText(/^hf_/).waitFor();
});

scenario(here, "who signs out is nobody, in every page", async () => {
	const page = await here.open("researcher", "/keys");

	await page.getByRole("button", { name: "Sign out" }).click();
	await page.getByRole("heading", { name: "Sign in to Sallyport" }).waitFor();
	await page.goto(`${here.gateway.url}/keys`);
	await page.getByRole("heading", { name: "Sign in to Sallyport" }).waitFor();
});

scenario(here, "signing in leads back to where one came from, and never elsewhere", async () => {
	const { name, password } = await here.account("researcher");

	for (const [back, to] of [
		["/tokens?x=1", "/tokens"],
		["//example.org/", "/"],
		["https://example.org/", "/"],
		["javascript:alert(1)", "/"],
	]) {
		const page = await here.open(null, `/sign-in?back=${encodeURIComponent(back)}`);
		await page.getByLabel("Name").fill(name);
		await page.getByLabel("Password").fill(password);
		await page.keyboard.press("Enter");
		await page.waitForURL((url) => url.pathname === to);
		assert.equal(new URL(page.url()).origin, here.gateway.url);
	}
});
