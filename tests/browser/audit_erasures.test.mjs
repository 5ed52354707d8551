// SPDX-License-Identifier: Apache-2.0
// An erasure from the asking to the second person's confirmation, legal holds, and how long what is
// kept.
import assert from "node:assert/strict";
import { expect } from "../integration/http.mjs";
import { addPerson } from "../integration/people.mjs";
import { browserForThisFile, scenario } from "./harness.mjs";

const here = browserForThisFile(async (holder) => {
	const { gateway } = holder;

	holder.leaving = await addPerson(gateway);
	holder.staying = await addPerson(gateway);
	holder.second = await addPerson(gateway, ["persons:manage"]);
	const path = `/api/v1/persons/${holder.second.id}/invitation`;
	const invited = await expect(201, gateway, "POST", path, { token: gateway.tokens.admin });
	gateway.codes[holder.second.name] = invited.json.code;
});

scenario(here, "one administrator asks for an erasure, another one confirms it", async () => {
	const first = await here.open("admin", "/audit/erasures");

	await first.getByText("No erasure was asked for").waitFor();
	await first.getByRole("button", { name: "Ask for an erasure" }).click();
	await first.getByLabel("Whose data").fill(here.leaving.name);
	await first.getByLabel("Reason", { exact: true }).fill("their own request");
	await first.getByRole("button", { name: "What would it do?" }).click();
	await first.getByRole("region", { name: "What it would do" }).waitFor();
	await here.look(first, "audit-erasure-ask");
	await first.getByRole("button", { name: "Ask; somebody else confirms" }).click();
	await first.getByText("You have asked for it").waitFor();
	assert.equal(await first.getByRole("button", { name: "Confirm the erasure" }).count(), 0);
	const second = await here.open(here.second.name, "/audit/erasures");
	await second.getByRole("button", { name: "Confirm the erasure" }).click();
	await here.look(second, "audit-erasure-confirm");
	const dialog = second.getByRole("dialog");
	await dialog.getByRole("button", { name: "Confirm the erasure" }).click();
	await second.getByText("It is confirmed, and goes on").waitFor();
	await second.getByText("Decided by").waitFor();
});

scenario(here, "a legal hold is placed and lifted, each with its reason", async () => {
	const page = await here.open("admin", "/audit/erasures?tab=holds");

	await page.getByText("No legal hold stands").waitFor();
	await page.getByRole("button", { name: "Place a hold" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("Which").fill(here.staying.name);
	await dialog.getByLabel("Reason", { exact: true }).fill("a court asks for the records");
	await dialog.getByRole("button", { name: "Place a hold" }).click();
	await page.getByText("a court asks for the records").waitFor();
	await here.look(page, "audit-holds");
	await page.getByRole("button", { name: "Lift the hold" }).click();
	await dialog.getByLabel("Reason", { exact: true }).fill("the case is closed");
	await dialog.getByRole("button", { name: "Lift the hold" }).click();
	await page.getByText("the case is closed").waitFor();
	assert.equal(await page.getByRole("button", { name: "Lift the hold" }).count(), 0);
});

scenario(here, "an auditor sees them, changes none, and reads how long what is kept", async () => {
	const page = await here.open("auditor", "/audit/erasures");

	await page.getByText("their own request").waitFor();
	assert.equal(await page.getByRole("button", { name: "Ask for an erasure" }).count(), 0);
	await here.look(page, "audit-erasures");
	await page.getByRole("tab", { name: "Retention" }).click();
	await page.getByText("The law wants at least").first().waitFor();
	await here.look(page, "audit-retention");
	assert.equal(await page.getByRole("button", { name: "Change how long" }).count(), 0);
});

scenario(here, "how long what is kept is changed by two people", async () => {
	const address = "/audit/erasures?tab=retention";
	const first = await here.open("admin", address);

	await first.getByRole("button", { name: "Change how long" }).click();
	const dialog = first.getByRole("dialog");
	await dialog.getByLabel("Months that records of use are kept").fill("24");
	await dialog.getByLabel("Reason", { exact: true }).fill("the funder wants two years");
	await here.look(first, "audit-retention-ask");
	await dialog.getByRole("button", { name: "Ask for the change" }).click();
	await first.getByText("You have asked for it").waitFor();
	assert.equal(await first.getByRole("button", { name: "Confirm the change" }).count(), 0);
	assert.equal(await first.getByRole("button", { name: "Change how long" }).count(), 0);
	const second = await here.open(here.second.name, address);
	await second.getByRole("button", { name: "Confirm the change" }).click();
	const sure = second.getByRole("dialog");
	await sure.getByRole("button", { name: "Confirm the change" }).click();
	await second.getByText("It holds from now on").waitFor();
	await second.getByText("24 months", { exact: true }).waitFor();
	await here.look(second, "audit-retention-changed");
});
