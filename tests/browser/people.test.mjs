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

/** Somebody who can sign in to the console, too. */
async function accountOf(person) {
	const path = `/api/v1/persons/${person.id}/invitation`;
	const { json } = await expect(201, here.gateway, "POST", path, {
		token: here.gateway.tokens.admin,
	});
	here.gateway.codes[person.name] = json.code;
	return person.name;
}

scenario(
	here,
	"an official vouches for members, and shares out the seats of a license",
	async () => {
		const { gateway } = here;
		const [official, member] = [await addPerson(gateway), await addPerson(gateway)];
		const admin = async (status, method, path, body) =>
			(
				await expect(status, gateway, method, path, {
					token: gateway.tokens.admin,
					body,
				})
			).json;
		const institution = await admin(201, "POST", "/api/v1/institutions", {
			name: freshName("Hospital"),
		});
		const members = `/api/v1/institutions/${institution.id}/members`;
		await admin(201, "POST", members, { person: official.id, role: "official" });
		await admin(201, "POST", members, { person: member.id, role: "member" });
		await admin(201, "POST", "/api/v1/institution-licenses", {
			institution: institution.name,
			model: gateway.model,
			rights: ["weights:read"],
			seats: 2,
		});
		const asked = await expect(201, gateway, "POST", "/api/v1/access-requests", {
			token: member.token,
			body: {
				model: gateway.model,
				intended_use: "to count <b>foxes</b>",
				rights: ["weights:read"],
				terms_sha256: (
					await admin(200, "GET", `/api/models/${gateway.model}`)
				).sallyport.terms_sha256,
			},
		});
		const page = await here.open(await accountOf(official), "/settings/institution");
		const dialog = page.getByRole("dialog");

		await page.getByText("You are an official of it").waitFor();
		const current = page.getByRole("navigation").locator("[aria-current]");
		assert.deepEqual(await current.allInnerTexts(), ["My institution"]);
		await page.getByRole("button", { name: "Give a card" }).click();
		await dialog.getByLabel("Person").selectOption(member.name);
		await dialog.getByLabel("What it rests on").fill("employed until 2027");
		await dialog.getByRole("button", { name: "Give a card" }).click();
		await page.getByText("employed until 2027").waitFor();
		await page.getByRole("button", { name: "Give a seat" }).click();
		await dialog.getByLabel("Person").selectOption(member.name);
		await dialog.getByRole("button", { name: "Give a seat" }).click();
		await page.getByText("1 of 2 seats taken").waitFor();
		await here.look(page, "my-institution");
		await page.getByRole("button", { name: /^Take back:/ }).click();
		await dialog.getByRole("button", { name: "Take back" }).click();
		await page.getByText("0 of 2 seats taken").waitFor();
		await page.getByRole("button", { name: /^Revoke:/ }).click();
		await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
		await page.getByText("revoked", { exact: true }).waitFor();

		await page.goto(`${gateway.url}/requests/${asked.json.id}`);
		await page.getByText("Your institution is asked to vouch").waitFor();
		await here.look(page, "request-countersign");
		await page.getByRole("button", { name: "Countersign" }).click();
		await page.getByText(`Countersigned by ${official.name}`).waitFor();
		const own = await here.open(await accountOf(member), "/settings/institution");
		await own.getByRole("heading", { name: institution.name }).waitFor();
		assert.equal(await own.getByRole("button", { name: "Give a card" }).count(), 0);
	},
);

scenario(here, "limits are set, a referee answers by a link, somebody is blocked", async () => {
	const person = await addPerson(here.gateway);
	const page = await here.open("admin", `/admin/people/${person.id}`);
	const dialog = page.getByRole("dialog");

	await page.getByRole("button", { name: "Change the limits" }).click();
	await dialog.getByRole("button", { name: "Add a quota" }).click();
	await here.look(page, "person-limits");
	await dialog.getByRole("button", { name: "Set these limits" }).click();
	await page.getByText("100,000 tokens per day").waitFor();
	await page.getByRole("button", { name: "Name a referee" }).click();
	await dialog.getByLabel("Name of the referee").fill("Prof. <i>R</i>");
	await dialog.getByLabel("Their address").fill("r@uni.example");
	await dialog.getByRole("button", { name: "Name a referee" }).click();
	const link = await dialog.locator("pre").innerText();
	await here.look(page, "person-referee-link");
	const referee = await here.open(null, new URL(link).pathname);
	await referee.getByText(`${person.name} asks you to vouch for them.`).waitFor();
	await referee.getByLabel("Remark").fill("solid work");
	await here.look(referee, "reference");
	await referee.getByRole("button", { name: "I vouch for them" }).click();
	await referee.getByText("Thank you, your answer is kept").waitFor();
	await referee.reload();
	await referee.getByText("this link is not good").waitFor();
	await page.reload();
	await page.getByText("solid work").waitFor();
	await here.look(page, "person-vouched");

	await page.goto(`${here.gateway.url}/admin/blocked`);
	await page.getByText("Nobody is blocked").waitFor();
	await page.getByRole("button", { name: "Block somebody" }).click();
	await dialog.getByLabel("Person").fill(person.name);
	await dialog.getByLabel("Reason").fill("a <b>breach</b>");
	await dialog.getByRole("button", { name: "Block somebody" }).click();
	await page.getByText("a <b>breach</b>").waitFor();
	await here.look(page, "blocked");
	assert.equal((await whoIs(person.token)).status, 200);
	await page.getByRole("button", { name: `Unblock: ${person.name}` }).click();
	await dialog.getByRole("button", { name: "Unblock" }).click();
	await page.getByText("Nobody is blocked").waitFor();
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
