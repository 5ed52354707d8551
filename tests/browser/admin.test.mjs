// SPDX-License-Identifier: Apache-2.0
// What administrators do all day: the queue, a request beside its evidence, licenses, models,
// the state of the system.
import assert from "node:assert/strict";
import { expect } from "../integration/http.mjs";
import { licensedPerson } from "../integration/people.mjs";
import { browserForThisFile, scenario } from "./harness.mjs";
import { HOSTILE, prepareRequests, requestsScene } from "./requests_scene.mjs";

const here = browserForThisFile(prepareRequests);
const { as, makeModel, makeRequest } = requestsScene(here);

scenario(here, "a request is found in the queue, read beside its evidence, approved", async () => {
	const model = await makeModel({ escalate_days: 3, escalate_to: "admin" });
	const { person, id } = await makeRequest(model);
	const page = await here.open("admin", "/");

	await page.getByRole("main").getByRole("link", { name: "Requests", exact: true }).click();
	await page.getByLabel("Search").fill(person.name);
	await page.getByRole("link", { name: person.name }).waitFor();
	await page.getByText("in 2 days").waitFor();
	await here.look(page, "queue");
	await page.getByRole("grid").focus();
	await page.keyboard.press("Enter");
	await page.waitForURL((url) => url.pathname === `/admin/requests/${id}`);
	await page.getByText("signature verified").waitFor();
	await page.getByText(HOSTILE).first().waitFor();
	await page.getByText("Bona fide researchers may run it.").waitFor();
	await page.getByText("One person's approval is enough.").waitFor();
	await here.look(page, "review");
	await page.getByRole("button", { name: "Approve" }).click();
	await page.getByLabel("download weights").uncheck();
	await page.getByLabel("Days").fill("30");
	await page.getByLabel("Plan").selectOption("batch");
	await page.getByRole("button", { name: "Add a quota" }).click();
	await page.getByLabel("At most (quota 1)").fill("5000");
	await here.look(page, "review-approve");
	await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
	await page.getByText("The request is approved, and a license is issued").waitFor();
	await page.getByText("Nothing is to be decided now.").waitFor();

	const { licenses } = await as(person.token, 200, "GET", "/api/v1/licenses");
	assert.deepEqual(licenses[0].rights, ["infer:generate"]);
	assert.equal(licenses[0].plan, "batch");
	assert.deepEqual(licenses[0].limits, [{ measure: "tokens", per: "day", max: 5000 }]);
});

scenario(
	here,
	"it takes two, whoever has a conflict is told, templates begin reasons",
	async () => {
		const rule = { needed: 2, members: ["admin", here.second.name] };
		await as(
			here.gateway.tokens.admin,
			201,
			"POST",
			`/api/v1/persons/${here.second.id}/offices`,
			{
				offices: ["requests:decide"],
			},
		);
		const model = await makeModel(rule);
		const first = await makeRequest(model);
		const page = await here.open("admin", `/admin/requests/${first.id}`);

		await page.getByText("It takes 2 different people to approve.").waitFor();
		await page.getByRole("button", { name: "Approve" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
		await page.getByText("Your vote is counted; others are to vote").waitFor();
		await page.getByText("1 of 2 approvals").waitFor();
		await here.look(page, "review-votes");
		await page.getByRole("button", { name: "Return" }).click();
		await page.getByLabel("Template").selectOption({ label: "Evidence" });
		assert.match(
			await page.getByLabel("Reason").inputValue(),
			/visa of your institution/,
		);
		await page.getByLabel("What is to change").fill("the visa\nthe purpose");
		await here.look(page, "review-return");
		await page.getByRole("dialog").getByRole("button", { name: "Return" }).click();
		await page.getByText("The request is returned").waitFor();
		const told = await as(
			first.person.token,
			200,
			"GET",
			`/api/v1/access-requests/${first.id}`,
		);
		assert.equal(told.state, "returned");

		const second = await makeRequest(model);
		const path = `/api/v1/access-requests/${second.id}/recuse`;
		await as(here.gateway.tokens.admin, 200, "POST", path, { reason: "a friend" });
		await page.goto(`${here.gateway.url}/admin/requests/${second.id}`);
		await page.getByText("You have a conflict of interest").waitFor();
		assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
		await here.look(page, "review-conflict");
	},
);

scenario(
	here,
	"a license is suspended, reinstated and revoked, with its impact before",
	async () => {
		const { admin } = here.gateway.tokens;
		const { person, id } = await makeRequest(await makeModel());
		const path = `/api/v1/access-requests/${id}/approve`;
		const { license } = await as(admin, 200, "POST", path, {});
		const page = await here.open("admin", "/admin/licenses");
		const change = async (name) => {
			await page.getByRole("button", { name }).click();
			await page.getByLabel("Reason").fill("a test");
			await page.getByRole("dialog").getByRole("button", { name }).click();
			await page.getByRole("dialog").waitFor({ state: "detached" });
		};

		await page.getByLabel("Search").fill(person.name);
		await page.getByText("1 license", { exact: true }).waitFor();
		await here.look(page, "all-licenses");
		await page.getByRole("grid").focus();
		await page.keyboard.press("Enter");
		await page.waitForURL((url) => url.pathname === `/admin/licenses/${license.id}`);
		await page.getByText("in force").waitFor();
		await here.look(page, "license");
		await change("Suspend");
		await page.getByText("suspended", { exact: true }).waitFor();
		await change("Reinstate");
		await page.getByText("in force", { exact: true }).waitFor();
		await page.getByRole("button", { name: "Revoke" }).click();
		await page.getByText("What this ends").waitFor();
		await page.getByText("0 downloads under way").waitFor();
		await here.look(page, "license-revoke");
		await page.getByLabel("Reason").fill("a test");
		await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
		await page.getByText("revoked", { exact: true }).waitFor();
		assert.equal(await page.getByRole("button", { name: "Suspend" }).count(), 0);
		const now = await as(person.token, 200, "GET", `/api/v1/licenses/${license.id}`);
		assert.equal(now.state, "revoked");
	},
);

scenario(
	here,
	"a model is stopped for everybody once its name is typed, and let go on",
	async () => {
		const { model } = here.gateway;
		const page = await here.open("admin", "/admin/models");
		const stateOf = async () =>
			(await as(here.gateway.tokens.admin, 200, "GET", `/api/models/${model}`))
				.sallyport.state;

		await page.getByRole("grid").getByRole("link", { name: model }).waitFor();
		await here.look(page, "all-models");
		await page.getByRole("button", { name: `Stop ${model}` }).click();
		await page.getByLabel("Reason").fill("a test");
		await page.getByLabel("Type the name of the model").fill("another");
		await page
			.getByRole("dialog")
			.getByRole("button", { name: "Stop", exact: true })
			.click();
		await page.getByText("That is not its name.").waitFor();
		await here.look(page, "model-stop");
		assert.equal(await stateOf(), "active");
		await page.getByLabel("Type the name of the model").fill(model);
		await page
			.getByRole("dialog")
			.getByRole("button", { name: "Stop", exact: true })
			.click();
		await page.getByText("stopped", { exact: true }).waitFor();
		assert.equal(await stateOf(), "disabled");
		await page.getByRole("button", { name: `Let ${model} be used again?` }).click();
		await page.getByLabel("Reason").fill("it was a test");
		await page.getByRole("dialog").getByRole("button", { name: "Let go on" }).click();
		await page.getByText("stopped", { exact: true }).waitFor({ state: "detached" });
		assert.equal(await stateOf(), "active");
	},
);

scenario(here, "the state of the system is told part by part", async () => {
	const page = await here.open("admin", "/admin/health");

	await page.getByText("It can do its work").waitFor();
	await page.getByText("Edge 0, engine 0").waitFor();
	await page.getByText("Entries").waitFor();
	await here.look(page, "health");
});

scenario(here, "a renewal is granted, another one declined with a reason", async () => {
	const { gateway } = here;
	const asked = [];

	for (const report of ["two <b>papers</b>", "nothing yet"]) {
		const { person, license } = await licensedPerson(gateway, gateway.model, [
			"weights:read",
		]);
		const path = `/api/v1/licenses/${license.id}/renewal-request`;
		const body = { report, publications: ["https://example.org/a"] };
		await expect(201, gateway, "POST", path, { token: person.token, body });
		asked.push(person);
	}
	const page = await here.open("admin", "/admin/renewals");
	const dialog = page.getByRole("dialog");
	const of = (who) => page.locator("section", { hasText: who.name });

	await page.getByText("two <b>papers</b>").waitFor();
	await here.look(page, "renewals");
	await of(asked[0]).getByRole("button", { name: "Renew" }).click();
	await dialog.getByLabel("Days after its last day").fill("90");
	await here.look(page, "renewal-grant");
	await dialog.getByRole("button", { name: "Renew" }).click();
	await page.getByText("The license is renewed").waitFor();
	await of(asked[1]).getByRole("button", { name: "Decline" }).click();
	await dialog.getByLabel("Reason").fill("say more");
	await dialog.getByRole("button", { name: "Decline" }).click();
	await page.getByText("No renewal is here").waitFor();
	await page.getByLabel("State").selectOption({ label: "declined" });
	await page.getByText("say more").waitFor();
	const { json } = await expect(200, gateway, "GET", "/api/v1/renewals", {
		token: asked[0].token,
	});
	assert.equal(json.renewals[0].state, "granted");
});
