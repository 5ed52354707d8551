// SPDX-License-Identifier: Apache-2.0
// What somebody who works with models does all day.
import { browserForThisFile, scenario } from "./harness.mjs";
import { expect } from "../integration/http.mjs";
import { addPerson, createModel, freshName } from "../integration/people.mjs";

const here = browserForThisFile();
const post = async (token, path, body, status = 200) =>
	(await expect(status, here.gateway, "POST", path, { token, body })).json;

async function gatedModel() {
	const name = `desk/${freshName("model")}`;
	await createModel(here.gateway, name, { gate: "manual" });
	return name;
}

scenario(here, "a request is followed, answered when it comes back, and withdrawn", async () => {
	const { tokens } = here.gateway;
	const model = await gatedModel();
	const base = "/api/v1/access-requests";
	const { id } = await post(
		tokens.stranger,
		base,
		{ model, intended_use: "<i>foxes</i>", rights: ["weights:read"] },
		201,
	);
	const handler = await addPerson(here.gateway, ["requests:handle", "requests:decide"]);
	const page = await here.open("stranger", "/requests");

	await page.getByText("waits for a decision").waitFor();
	await here.look(page, "requests");
	await page.getByRole("link", { name: model }).click();
	await page.getByRole("heading", { name: `Request for ${model}` }).waitFor();
	await page.getByText("<i>foxes</i>").waitFor();
	await page.getByLabel("Write to those who decide").fill("It is <b>urgent</b>");
	await page.getByRole("button", { name: "Send" }).click();
	await page.getByText("It is <b>urgent</b>").waitFor();
	await here.look(page, "request-waiting");
	await post(handler.token, `${base}/${id}/return`, {
		reason: "too vague",
		changes: ["say which foxes"],
	});
	await page.reload();
	await page.getByText("say which foxes").first().waitFor();
	await here.look(page, "request-returned");
	await page.getByLabel("Intended use").fill("foxes of Finland");
	await page.getByRole("button", { name: "Submit again" }).click();
	await page.getByText("waits for a decision").first().waitFor();
	await page.getByRole("button", { name: "Withdraw" }).click();
	await page.getByRole("button", { name: "Withdraw", exact: true }).last().click();
	await page.getByText("withdrawn", { exact: true }).waitFor();
	await here.look(page, "request-withdrawn");
});
