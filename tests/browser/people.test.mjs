// SPDX-License-Identifier: Apache-2.0
// People and what they hold: found, invited, given offices, suspended; institutions; and what
// everybody does with their own sessions and password.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { ask, expect } from "../integration/http.mjs";
import { addPerson, freshName, licensedPerson } from "../integration/people.mjs";

const PASSWORD = "a password that is long";

const here = browserForThisFile();
const whoIs = (token) => ask(here.gateway, "GET", "/api/v1/sessions/current", { token });
const begin = (body) =>
	ask(here.gateway, "POST", "/api/v1/sessions", {
		body,
		headers: { origin: here.gateway.url },
	});

scenario(here, "somebody is added, invited, and signs in with what they were given", async () => {
	const page = await here.open("admin", "/");
	const name = freshName("ada");

	await page.getByRole("link", { name: "People", exact: true }).first().click();
	await page.getByRole("grid").waitFor();
	await here.look(page, "people");
	await page.getByRole("button", { name: "Add a person" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("Name").fill(name);
	await dialog.getByLabel("Address of mail").fill(`${name}@example.org`);
	await dialog.getByLabel("handle requests").check();
	await here.look(page, "person-add");
	await dialog.getByRole("button", { name: "Add, and make an invitation" }).click();
	await page.getByRole("heading", { name: `An invitation for ${name}` }).waitFor();
	const code = await dialog.locator("code").textContent();
	await dialog.getByRole("button", { name: "Close" }).last().click();
	assert.equal((await begin({ code, password: PASSWORD })).status, 201);
	await page.getByLabel("Search").fill(`${name}@example`);
	await page.getByText("handle requests").last().waitFor();
	await page.getByRole("link", { name }).click();
	await page.getByRole("heading", { name, level: 1 }).waitFor();
	await page.getByText("all models").waitFor();
	assert.equal((await begin({ name, password: PASSWORD })).status, 201);
	await page.reload();
	await page
		.getByRole("button", { name: /^End the session/ })
		.first()
		.click();
	await page.getByText("The session has ended").waitFor();
});

scenario(here, "a person's page says what they hold; suspended, nothing of it counts", async () => {
	const { gateway } = here;
	const { person, license } = await licensedPerson(gateway, gateway.model, ["weights:read"]);
	const page = await here.open("admin", `/admin/people/${person.id}`);

	await page.getByRole("link", { name: gateway.model }).first().waitFor();
	await page.getByText("in force").waitFor();
	await page.getByText("first", { exact: false }).first().waitFor();
	await here.look(page, "person");
	assert.equal((await whoIs(person.token)).status, 200);
	await page.getByRole("button", { name: "Suspend" }).click();
	await page.getByLabel("Reason").fill("on leave");
	await here.look(page, "person-suspend");
	await page.getByRole("dialog").getByRole("button", { name: "Suspend" }).click();
	await page.getByText("suspended", { exact: true }).waitFor();
	assert.equal((await whoIs(person.token)).status, 403);
	await page.getByRole("button", { name: "Reinstate" }).click();
	await page.getByLabel("Reason").fill("back");
	await page.getByRole("dialog").getByRole("button", { name: "Reinstate" }).click();
	await page.getByText("active", { exact: true }).waitFor();
	assert.equal((await whoIs(person.token)).status, 200);
	await page.getByRole("button", { name: /^Revoke/ }).click();
	await page.getByText("The token is revoked").waitFor();
	assert.equal((await whoIs(person.token)).status, 401);
	assert.ok(license.id);
});

scenario(here, "an office is given for some models, seen, and taken back", async () => {
	const person = await addPerson(here.gateway);
	const page = await here.open("admin", "/admin/offices");
	const held = async () => {
		const { json } = await expect(200, here.gateway, "GET", "/api/v1/offices", {
			token: here.gateway.tokens.admin,
		});
		return json.offices
			.filter((one) => one.person === person.name)
			.map(({ office, scope }) => [office, scope]);
	};

	await page.getByRole("button", { name: "Give an office" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("Person").fill(person.name);
	await dialog.getByLabel("decide requests").check();
	await dialog.getByLabel("For which models").fill("admin/*");
	await here.look(page, "office-give");
	await dialog.getByRole("button", { name: "Give an office" }).click();
	await page.getByText("The office is given").waitFor();
	assert.deepEqual(await held(), [["requests:decide", "admin/*"]]);
	await page.getByRole("link", { name: person.name }).waitFor();
	await here.look(page, "offices");
	await page
		.getByRole("button", { name: `Take back: decide requests, ${person.name}` })
		.click();
	await dialog.getByRole("button", { name: "Take back" }).click();
	await page.getByText("The office is taken back").waitFor();
	assert.deepEqual(await held(), []);
	await page.getByRole("button", { name: "Give an office" }).click();
	await dialog.getByLabel("Person").fill(person.name);
	await dialog.getByLabel("read the log").check();
	await dialog.getByRole("button", { name: "Give an office" }).click();
	await dialog.getByText("you can only give offices that you hold yourself").waitFor();
});

scenario(here, "an institution is added, gets people, and is suspended", async () => {
	const person = await addPerson(here.gateway);
	const name = freshName("University of <i>Somewhere</i>");
	const page = await here.open("admin", "/admin/institutions");
	const dialog = page.getByRole("dialog");

	await page.getByRole("button", { name: "Add an institution" }).click();
	await dialog.getByLabel("Name").fill(name);
	await dialog.getByLabel("Country").fill("de");
	await dialog.getByLabel("Domains").fill("somewhere.example, lab.somewhere.example");
	await here.look(page, "institution-add");
	await dialog.getByRole("button", { name: "Add an institution" }).click();
	await page.getByRole("link", { name }).waitFor();
	await here.look(page, "institutions");
	await page.getByRole("link", { name }).click();
	await page.getByText("Nobody belongs to it.").waitFor();
	await page.getByRole("button", { name: "Add a member" }).click();
	await dialog.getByLabel("Person").fill(person.name);
	await dialog.getByLabel("Role").selectOption({ label: "official" });
	await dialog.getByRole("button", { name: "Add a member" }).click();
	await page.getByRole("link", { name: person.name }).waitFor();
	await here.look(page, "institution");
	await page.getByRole("button", { name: "Suspend" }).click();
	await dialog.getByRole("button", { name: "Suspend" }).click();
	await page.getByText("suspended", { exact: true }).waitFor();
	await page.getByRole("button", { name: /^End the membership/ }).click();
	await dialog.getByRole("button", { name: "End", exact: true }).click();
	await page.getByText(/until/).waitFor();
});

scenario(here, "my sessions are listed and ended; a new password ends the others", async () => {
	const { name, password } = await here.account("auditor");
	const other = await here.begin({ name, password });
	const cookie = `__Host-sallyport=${other}`;
	const isIn = async () =>
		(await ask(here.gateway, "GET", "/api/v1/sessions", { headers: { cookie } }))
			.status;
	const page = await here.open("auditor", "/settings");

	await page.getByText("this one").waitFor();
	await here.look(page, "sessions");
	const before = await page.getByRole("button", { name: /^End the session/ }).count();
	await page
		.getByRole("button", { name: /^End the session/ })
		.first()
		.click();
	await page.getByText("The session has ended").waitFor();
	assert.equal(
		await page.getByRole("button", { name: /^End the session/ }).count(),
		before - 1,
	);
	const third = await here.begin({ name, password });
	await page.getByLabel("Password now").fill("not my password at all");
	await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
	await page.getByLabel("The new password again").fill("something else");
	await page.getByText("The two are not the same.").waitFor();
	await page.getByLabel("The new password again").fill(PASSWORD);
	await page.getByRole("button", { name: "Change it" }).click();
	await page.getByRole("alert").first().waitFor();
	await here.look(page, "password-wrong");
	await page.getByLabel("Password now").fill(password);
	await page.getByRole("button", { name: "Change it" }).click();
	await page.getByText("The password is changed").waitFor();
	here.passwords.set("auditor", { name, password: PASSWORD });
	assert.equal(await isIn(), 401);
	const headers = { cookie: `__Host-sallyport=${third}` };
	assert.equal((await ask(here.gateway, "GET", "/api/v1/sessions", { headers })).status, 401);
	assert.equal((await begin({ name, password: PASSWORD })).status, 201);
});
