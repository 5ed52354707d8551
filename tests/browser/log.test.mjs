// SPDX-License-Identifier: Apache-2.0
// The log, as the browser itself checks it: its checkpoint, and receipts that hold or do not.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { expect, until } from "../integration/http.mjs";

const here = browserForThisFile();

async function oneReceipt() {
	const token = here.gateway.tokens.researcher;
	const list = await expect(200, here.gateway, "GET", "/api/v1/receipts?limit=1", { token });
	const { id, receipt } = list.json.receipts[0];
	const answer = await until("a receipt", 30, async () => {
		const one = await expect(200, here.gateway, "GET", receipt, { token });
		return one;
	});

	return { id, text: answer.text };
}

const choose = (page, text) =>
	page.getByLabel("Receipt (JSON)").setInputFiles({
		name: "receipt.json",
		mimeType: "application/json",
		buffer: Buffer.from(text),
	});

scenario(
	here,
	"anybody sees the log's checkpoint, checked, and checks a saved receipt",
	async () => {
		const { text } = await oneReceipt();
		const page = await here.open(null, "/log-status");

		await page.getByText("checked", { exact: true }).first().waitFor();
		await choose(page, text);
		await page.getByText("It holds: the entry is in the log").waitFor();
		await here.look(page, "log");
	},
);

scenario(here, "a receipt that was changed does not hold", async () => {
	const { text } = await oneReceipt();
	const page = await here.open(null, "/log-status");
	const receipt = JSON.parse(text);

	await choose(
		page,
		JSON.stringify({ ...receipt, payload: receipt.payload.replace("{", "{ ") }),
	);
	await page.getByText("It does not hold").waitFor();
	await here.look(page, "log-forged");
	await choose(page, "{}");
	await page.getByText("This is no receipt").waitFor();
	await choose(page, "no JSON");
	await page.getByRole("alert").waitFor();
});

scenario(here, "who was part of an event checks it by its id, from a link", async () => {
	const { id } = await oneReceipt();
	const page = await here.open("researcher", `/log-status?event=${id}`);

	await page.getByRole("button", { name: "Check it" }).click();
	await page.getByText("It holds: the entry is in the log").waitFor();
});

scenario(
	here,
	"a gateway that shows a checkpoint its key has not signed is found out",
	async () => {
		const page = await here.open(null, "/models");

		await page.route("**/log/checkpoint", async (route) => {
			const answer = await route.fetch();
			const lines = (await answer.text()).split("\n");
			lines[1] = String(Number(lines[1]) + 1);
			await route.fulfill({ response: answer, body: lines.join("\n") });
		});
		await page.getByRole("link", { name: "The log" }).click();
		await page.getByText("does not hold", { exact: true }).waitFor();
		assert.equal(await page.getByText("checked", { exact: true }).count(), 0);
	},
);

scenario(here, "auditors see who cosigns", async () => {
	const page = await here.open("auditor", "/log-status");

	await page.getByText("none are asked to cosign").waitFor();
	await here.look(page, "log-auditor");
});
