// SPDX-License-Identifier: Apache-2.0
// Ways in besides a password: an identity provider (the real `oidc-provider`, on its own pages),
// and the page where somebody approves their device.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after } from "node:test";
import { browserForThisFile, scenario } from "./harness.mjs";
import { sql } from "../integration/database.mjs";
import { ask } from "../integration/http.mjs";
import { RealProvider, restart } from "../integration/idp.mjs";

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
let idp;

/** The gateway lets anybody in whom the provider knows. */
function listProvider({ config, folder }) {
	const file = path.join(folder, "providers.json");
	const provider = {
		name: "open",
		title: "Campus",
		issuer: idp.url,
		client_id: "public",
		register: "anyone",
		scopes: ["openid", "profile"],
	};
	const lines = [
		"",
		"[signin]",
		`providers_file = ${file}`,
		"[courier]",
		`allow = ${new URL(idp.url).host}`,
		"allow_private = yes",
		`ca_file = ${idp.certificate}`,
		"",
	];

	fs.writeFileSync(file, JSON.stringify({ providers: [provider] }));
	fs.appendFileSync(config, lines.join("\n"));
}

const here = browserForThisFile(async ({ gateway, elsewhere }) => {
	const back = `${gateway.url}/api/v1/oidc/open/callback`;

	idp = await RealProvider.start(gateway.folder, [back]);
	elsewhere.add(idp.url);
	listProvider(gateway);
	await restart(gateway, "sallyport-courier");
	await restart(gateway, "sallyport-edge");
});
after(() => idp?.close());

/** On the pages of the provider: who, and yes. */
async function sayWho(page, login) {
	await page.locator("input[name=login]").fill(login);
	await page.locator("input[name=password]").fill("anything");
	await page.locator("button[type=submit]").click();
	await page.getByRole("button", { name: "Continue" }).click();
}

function form(target, fields) {
	return ask(here.gateway, "POST", target, {
		body: new URLSearchParams(fields).toString(),
		headers: { "content-type": "application/x-www-form-urlencoded" },
	});
}

scenario(here, "an identity provider leads in, and back to where one was going", async () => {
	const page = await here.open(null, "/tokens?x=1");

	await page.getByRole("link", { name: "Campus" }).waitFor();
	await here.look(page, "sign-in-provider");
	await page.getByRole("link", { name: "Campus" }).click();
	await sayWho(page, "ada");
	await page.getByRole("heading", { name: "Access tokens" }).waitFor();
	assert.equal(new URL(page.url()).search, "?x=1");
	await page.goto(`${here.gateway.url}/settings`);
	await page.getByText("open", { exact: true }).waitFor();
	await page.getByText("this one").waitFor();
});

scenario(here, "a device is approved by whoever has signed in, and gets its token", async () => {
	const begun = (await form("/oauth/device", { client_id: "<b>a notebook</b>" })).json;
	const { name, password } = await here.account("researcher");
	const page = await here.open(null, `/device?user_code=${begun.user_code}`);
	const poll = () => {
		sql(here.gateway, "UPDATE device_login SET polled_at = NULL");
		return form("/oauth/token", { grant_type: GRANT, device_code: begun.device_code });
	};

	await page.getByRole("link", { name: "Campus" }).waitFor();
	await here.look(page, "device-signed-out");
	await page.getByRole("link", { name: "on the console" }).click();
	await page.getByLabel("Name").fill(name);
	await page.getByLabel("Password").fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByText("<b>a notebook</b>").waitFor();
	await here.look(page, "device");
	assert.equal((await poll()).json.error, "authorization_pending");
	await page.getByRole("button", { name: "Approve" }).click();
	await page.getByText("Done. You can close this page").waitFor();
	const got = await poll();
	assert.match(got.json.access_token, /^hf_/);
});

scenario(here, "a device is turned away, and a code that is none is asked for again", async () => {
	const begun = (await form("/oauth/device", { client_id: "someone else's" })).json;
	const page = await here.open("researcher", "/device?user_code=AAAA-AAAA");

	await page.getByLabel("The code that the device shows").waitFor();
	await here.look(page, "device-code");
	const german = await here.open("researcher", "/device?user_code=AAAA-AAAA", {
		locale: "de-CH",
	});
	await german.getByText("Kein Gerät wartet mit diesem Code").waitFor();
	assert.equal(await german.locator("html").getAttribute("lang"), "de");
	await german.getByLabel("Der Code, den das Gerät zeigt").fill(begun.user_code);
	await german.keyboard.press("Enter");
	await german.getByRole("button", { name: "Abweisen" }).waitFor();
	await here.look(german, "device-german");
	await page.getByLabel("The code that the device shows").fill(begun.user_code);
	await page.keyboard.press("Enter");
	await page.getByRole("button", { name: "Turn away" }).click();
	await page.getByText("Done. You can close this page").waitFor();
	const fields = { grant_type: GRANT, device_code: begun.device_code };
	assert.equal((await form("/oauth/token", fields)).json.error, "access_denied");
});
