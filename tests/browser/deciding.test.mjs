// SPDX-License-Identifier: Apache-2.0
// Deciding together: many requests at once, who may vote and who has, stepping back, delegating,
// reviewers, appeals.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { prepareRequests, requestsScene } from "./requests_scene.mjs";

const here = browserForThisFile(async (it) => {
	await prepareRequests(it);
	await giveOffice(here.second, "requests:decide");
});
const { as, makeModel, makeRequest } = requestsScene(here);
const giveOffice = (person, office) =>
	as(here.gateway.tokens.admin, 201, "POST", `/api/v1/persons/${person.id}/offices`, {
		offices: [office],
	});
const requestOf = (token, id) => as(token, 200, "GET", `/api/v1/access-requests/${id}`);

scenario(
	here,
	"many are decided at once: what each would come to, then what it came to",
	async () => {
		const { admin } = here.gateway.tokens;
		const one = await makeModel();
		const two = await makeModel({ needed: 2, members: ["admin", here.second.name] });
		const made = [
			await makeRequest(one),
			await makeRequest(one),
			await makeRequest(two),
		];
		const barred = await makeRequest(one);
		const page = await here.open("admin", "/admin/requests");
		const path = `/api/v1/access-requests/${barred.id}/recuse`;

		await as(admin, 200, "POST", path, { reason: "a friend" });
		for (const { person } of [...made, barred])
			await page.getByRole("checkbox", { name: person.name }).check();
		await page.getByRole("button", { name: "Decide 4 requests" }).click();
		const dialog = page.getByRole("dialog");
		await dialog.getByLabel("Days").fill("30");
		await dialog.getByRole("button", { name: "Show what each would come to" }).click();
		await dialog.getByText("3 can be done, 1 cannot.").waitFor();
		await dialog
			.getByText("you have declared a conflict of interest in this request")
			.waitFor();
		await dialog.getByText("1 of 2 approvals").waitFor();
		assert.equal(await dialog.getByText("would be approved").count(), 2);
		assert.equal((await requestOf(admin, made[0].id)).state, "submitted");
		await here.look(page, "bulk-preview");
		// Free when it was asked, and not any more: the others are decided all the same.
		await as(
			made[1].person.token,
			200,
			"POST",
			`/api/v1/access-requests/${made[1].id}/withdraw`,
		);
		await dialog.getByRole("button", { name: "Approve 3 requests" }).click();
		await dialog.getByText("2 are done, 1 failed.").waitFor();
		await dialog
			.getByText("the request is withdrawn, not awaiting a decision")
			.waitFor();
		await here.look(page, "bulk-results");
		await dialog.getByRole("button", { name: "Close" }).last().click();
		const states = await Promise.all(made.map(({ id }) => requestOf(admin, id)));
		assert.deepEqual(
			states.map(({ state }) => state),
			["approved", "withdrawn", "submitted"],
		);
		assert.equal(states[2].you.vote, "approve");
		await page.getByRole("button", { name: "Decide 1 request" }).waitFor();
	},
);

scenario(here, "many are returned, with a reason that a template begins", async () => {
	const model = await makeModel();
	const made = [await makeRequest(model), await makeRequest(model)];
	const page = await here.open("admin", `/admin/requests?model=${model}`);

	await page.getByRole("button", { name: "Choose all 2" }).click();
	await page.getByRole("button", { name: "Decide 2 requests" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("Decision").selectOption({ label: "Return" });
	await dialog.getByLabel("Template").selectOption({ label: "Purpose" });
	await dialog.getByLabel("What is to change").fill("the purpose");
	await dialog.getByRole("button", { name: "Show what each would come to" }).click();
	await dialog.getByText("2 can be done, 0 cannot.").waitFor();
	await dialog.getByRole("button", { name: "Return 2 requests" }).click();
	await dialog.getByText("2 are done, 0 failed.").waitFor();
	const { state, reason } = await requestOf(made[0].person.token, made[0].id);
	assert.equal(state, "returned");
	assert.match(reason, /what you will do/);
});

scenario(here, "who may vote and who has; a reviewer, a delegate, and stepping back", async () => {
	const { admin } = here.gateway.tokens;
	const model = await makeModel({ needed: 2, members: ["admin", here.second.name] });
	const { person, id } = await makeRequest(model);
	const vote = `/api/v1/access-requests/${id}/approve`;
	const page = await here.open("admin", `/admin/requests/${id}`);
	const doing = async (name, person) => {
		await page.getByRole("button", { name, exact: true }).click();
		const dialog = page.getByRole("dialog");

		if (person) await dialog.getByLabel("Person").fill(person);
		else await dialog.getByLabel("What is the conflict?").fill("a friend of mine");
		if (name === "Step back") await here.look(page, "recuse");
		await dialog.getByRole("button", { name, exact: true }).click();
		await dialog.waitFor({ state: "detached" });
	};

	await as(here.second.token, 200, "POST", vote, {});
	await page.reload();
	await page.getByText("1 of 2 approvals").waitFor();
	await page.getByText("has not voted").waitFor();
	await doing("Ask a reviewer", "auditor");
	await page
		.getByRole("paragraph")
		.filter({ hasText: /^auditor$/ })
		.waitFor();
	await doing("Let somebody vote for me", "auditor");
	await page.getByText("vote delegated · admin").waitFor();
	await here.look(page, "review-committee");
	await page.goto(`${here.gateway.url}/admin/delegations`);
	await page.getByRole("link", { name: "one request" }).waitFor();
	await here.look(page, "delegations");
	await page.getByRole("button", { name: "End the delegation to auditor?" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "End", exact: true }).click();
	await page.getByText("over", { exact: true }).waitFor();
	await page.getByRole("button", { name: "Delegate my votes" }).click();
	await page.getByLabel("To", { exact: true }).fill("auditor");
	await page.getByLabel("For", { exact: true }).fill(model);
	await here.look(page, "delegate");
	await page.getByRole("button", { name: "Delegate", exact: true }).click();
	await page.getByText(model).waitFor();
	await page.goto(`${here.gateway.url}/admin/requests/${id}`);
	await doing("Step back");
	await page.getByText("Has declared a conflict of interest.").waitFor();
	assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
	assert.equal((await requestOf(admin, id)).votes.length, 1);
	assert.equal((await requestOf(person.token, id)).deciders, undefined);
});

scenario(here, "an appeal is decided by somebody other than the first", async () => {
	const model = await makeModel();
	const { person, id } = await makeRequest(model);
	const { admin } = here.gateway.tokens;
	const at = `/api/v1/access-requests/${id}`;

	await as(admin, 200, "POST", `${at}/deny`, { reason: "no purpose" });
	await as(person.token, 200, "POST", `${at}/appeal`, { reason: "there is one" });
	const page = await here.open("admin", "/admin/appeals");
	await page.getByRole("heading", { name: `${person.name} asks for ${model}` }).waitFor();
	await page.getByText("no purpose").waitFor();
	await page.getByText("there is one").waitFor();
	await page.getByText("Whoever denied a request does not decide its appeal.").waitFor();
	await page.getByText(here.second.name).first().waitFor();
	await here.look(page, "appeals");
	await page.getByRole("link", { name: "Open the request" }).click();
	await page.getByText("You have a conflict of interest").waitFor();
	assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
	const { state } = await as(here.second.token, 200, "POST", `${at}/approve`, {});
	assert.equal(state, "approved");
	await page.goto(`${here.gateway.url}/admin/appeals`);
	await page.getByText("No appeal waits").waitFor();
});
