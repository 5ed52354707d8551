// SPDX-License-Identifier: Apache-2.0
// Two at the same thing at once, and connections that end: whoever comes second is told what is so
// now and what to do, and nothing that was written is lost.
import assert from "node:assert/strict";
import { ask, expect, until } from "../integration/http.mjs";
import { addPerson, createModel, freshName } from "../integration/people.mjs";
import { browserForThisFile, scenario } from "./harness.mjs";

const BASE = "/api/v1/access-requests";
const here = browserForThisFile();
const post = async (token, path, body, status = 200) =>
	(await expect(status, here.gateway, "POST", path, { token, body })).json;

async function requestOf(token, more = {}) {
	const model = `race/${freshName("model")}`;

	await createModel(here.gateway, model, { gate: "manual" });
	const body = { model, intended_use: "foxes", rights: ["weights:read"], ...more };
	const { id } = await post(token, BASE, body, 201);
	return { id, model, path: `${BASE}/${id}` };
}

/** Somebody with these offices who can sign in to the console: their role for `here.open`. */
async function colleague(offices) {
	const { gateway } = here;
	const { id, name } = await addPerson(gateway, offices);
	const token = gateway.tokens.admin;
	const path = `/api/v1/persons/${id}/invitation`;

	gateway.codes[name] = (await expect(201, gateway, "POST", path, { token })).json.code;
	return name;
}

/** The browser says on the console, too, that it could not load; it has said nothing else. */
function takeLost() {
	for (const fault of here.takeFaults()) assert.match(fault, /net::ERR_/);
}

scenario(here, "two administrators decide the same request: one does, one is told", async () => {
	const { gateway } = here;
	const { path, id } = await requestOf(gateway.tokens.stranger);
	const other = await colleague(["requests:handle", "requests:decide"]);
	const pages = await Promise.all(
		["admin", other].map((who) => here.open(who, `/admin/requests/${id}`)),
	);

	for (const page of pages) await page.getByRole("button", { name: "Approve" }).click();
	const [done, told] = pages.map((page) => page.getByRole("dialog"));
	await Promise.all(
		[done, told].map((dialog) =>
			dialog.getByRole("button", { name: "Approve" }).click(),
		),
	);
	const loser = await Promise.any(
		pages.map(async (page) => {
			await page.getByRole("alert").waitFor({ timeout: 30_000 });
			return page;
		}),
	);
	await loser.getByText("Load it again and look").waitFor();
	await here.look(loser, "review-too-late");
	await loser.reload();
	await loser.getByText("Nothing is to be decided now.").waitFor();
	const token = gateway.tokens.admin;
	const request = (await expect(200, gateway, "GET", path, { token })).json;
	assert.equal(request.events.filter((one) => one.act === "approve").length, 1);
	const own = "/api/v1/licenses?mine=1";
	const { licenses } = (
		await expect(200, gateway, "GET", own, { token: gateway.tokens.stranger })
	).json;
	assert.equal(licenses.filter((one) => one.model === request.model).length, 1);
});

scenario(here, "two tabs edit a draft: the later undoes nothing, and says so", async () => {
	const { gateway } = here;
	const { id, model, path } = await requestOf(gateway.tokens.stranger, { draft: true });
	const first = await here.open("stranger", `/requests/new?model=${model}&draft=${id}`);
	const second = await first.context().newPage();

	await second.goto(first.url());
	await second.getByLabel("Intended use").fill("wolves, at length");
	await first.getByLabel("Intended use").fill("foxes of Finland");
	await first.getByRole("button", { name: "Save draft" }).click();
	await first.getByText("The draft is saved").waitFor();
	await second.getByRole("button", { name: "Save draft" }).click();
	await second.getByText("changed meanwhile").waitFor();
	await here.look(second, "request-two-tabs");
	assert.equal(await second.getByLabel("Intended use").inputValue(), "wolves, at length");
	const token = gateway.tokens.stranger;
	const kept = (await expect(200, gateway, "GET", path, { token })).json;
	assert.equal(kept.intended_use, "foxes of Finland");
	// The first goes on: its saves are of what it has saved itself.
	await first.getByLabel("Intended use").fill("foxes of Norway");
	await first.getByRole("button", { name: "Save draft" }).click();
	await until("the second save", 20, async () => {
		const now = (await expect(200, gateway, "GET", path, { token })).json;
		return now.intended_use === "foxes of Norway";
	});
});

scenario(here, "what was approved meanwhile is not withdrawn, and the page says so", async () => {
	const { gateway } = here;
	const { id, path } = await requestOf(gateway.tokens.stranger);
	const page = await here.open("stranger", `/requests/${id}`);

	await page.getByRole("button", { name: "Withdraw" }).click();
	await post(gateway.tokens.admin, `${path}/approve`, {});
	const dialog = page.getByRole("dialog");
	await dialog.getByRole("button", { name: "Withdraw", exact: true }).click();
	await dialog.getByRole("alert").waitFor();
	await here.look(page, "withdraw-too-late");
	await page.reload();
	await page.getByText("approved", { exact: true }).waitFor();
	assert.equal(await page.getByRole("button", { name: "Withdraw" }).count(), 0);
});

scenario(here, "a gateway that dies in an answer: the text stays, and it can go on", async () => {
	const { gateway } = here;
	const signal = (name, what) =>
		gateway.processesNamed(name).forEach(({ id }) => process.kill(id, what));
	const page = await here.open("researcher", "/playground?mode=text");

	await page.getByText("More parameters").click();
	await page.getByLabel("At most so many tokens").fill("400");
	await page.getByLabel("Answers", { exact: true }).fill("8"); // long enough to be hit
	await page.getByLabel("Others, as JSON").fill('{"ignore_eos": true}');
	await page.getByLabel("Beginning of the text").fill("Once upon a time");
	signal("sallyport-engine", "SIGSTOP");
	await page.getByRole("button", { name: "Send" }).click();
	const answer = page.locator(".said").nth(1);
	await until("the first words", 60, async () => {
		// A little at a time, so that the answer is not whole before it is cut.
		signal("sallyport-engine", "SIGCONT");
		await new Promise((resolve) => setTimeout(resolve, 3));
		signal("sallyport-engine", "SIGSTOP");
		await page.evaluate(() => new Promise(requestAnimationFrame));
		return (await answer.count()) > 0 && (await answer.textContent()) !== "";
	});
	signal("sallyport-edge", "SIGKILL");
	signal("sallyport-engine", "SIGCONT");
	await page.getByText("The connection was lost before the answer was whole").waitFor();
	const before = await answer.textContent();
	assert.ok(before.length > 0);
	await here.look(page, "playground-cut");
	await until(
		"the gateway to be back",
		60,
		async () => (await ask(gateway, "GET", "/readyz")).status === 200,
	);
	await page.getByLabel("Answers", { exact: true }).fill("1");
	await page.getByLabel("At most so many tokens").fill("5");
	await until("the answer to go on", 60, async () => {
		await page.getByRole("button", { name: "Go on from here" }).click();
		await page.getByText(/tokens read, \d+ written/).waitFor({ timeout: 5000 });
		return true;
	});
	assert.ok((await answer.textContent()).startsWith(before));
	takeLost();
});

scenario(here, "a page whose gateway is away says so, and is there when it is back", async () => {
	const page = await here.open("researcher", "/requests");
	const context = page.context();

	await context.setOffline(true);
	await page.getByRole("link", { name: "My licenses" }).first().click();
	await page.getByText("The gateway cannot be reached").waitFor();
	await context.setOffline(false);
	await page.getByRole("button", { name: "Try again" }).click();
	await page.getByText("days left").first().waitFor();
	takeLost();
});
