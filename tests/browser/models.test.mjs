// SPDX-License-Identifier: Apache-2.0
// The catalogue and the page of a model, as a stranger and as a licensee see them.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { sql } from "../integration/database.mjs";
import { expect } from "../integration/http.mjs";
import { addPerson, createModel, freshName } from "../integration/people.mjs";
import { hostileModel } from "./hostile_model.mjs";

const here = browserForThisFile();
const address = () => `/models/${here.gateway.model}`;

scenario(
	here,
	"a stranger reads card, terms and criteria, and is told what is missing",
	async () => {
		const page = await here.open("stranger", "/models");

		await page.getByRole("link", { name: here.gateway.model }).click();
		await page.getByRole("heading", { name: "How to prompt it" }).waitFor();
		await page.getByText("a license: submit an access request").first().waitFor();
		assert.equal(await page.getByText("not allowed").count(), 3);
		await here.look(page, "model");
		await page.getByRole("tab", { name: "Terms" }).click();
		await page.getByText("No sharing.").waitFor();
		await here.look(page, "model-terms");
		await page.keyboard.press("ArrowRight");
		await page.getByRole("heading", { name: "No criteria are published" }).waitFor();
		assert.equal(new URL(page.url()).searchParams.get("tab"), "criteria");
		await page.keyboard.press("ArrowRight");
		await page.getByRole("heading", { name: "Nobody is counted here yet" }).waitFor();
		await here.look(page, "model-given-none");
		await page.keyboard.press("ArrowRight");
		await page.getByText("model.safetensors").waitFor();
		await here.look(page, "model-files");
	},
);

scenario(here, "a licensee is told what is allowed", async () => {
	const page = await here.open("researcher", address());

	await page.getByText("allowed", { exact: true }).first().waitFor();
	await here.look(page, "model-licensed");
});

scenario(here, "published criteria are said in plain words", async () => {
	const { name } = await hostileModel(here.gateway);
	const page = await here.open(null, `/models/${name}?tab=criteria`);

	await page.getByText("Whoever has been verified as a researcher").waitFor();
	await page.getByText("a verified claim").waitFor();
	await here.look(page, "model-criteria");
});

/** Six people of a university in Finland have asked for it, two days ago. */
async function asked(model) {
	const people = [];

	for (let i = 0; i < 6; i++) people.push(await addPerson(here.gateway));
	for (const { token } of people)
		await expect(201, here.gateway, "POST", "/api/v1/access-requests", {
			token,
			body: { model, intended_use: "foxes", rights: ["weights:read"] },
		});
	sql(
		here.gateway,
		`INSERT INTO institution (id, name, kind, country, created_at)
		VALUES (gen_random_uuid(), 'Fox', 'university', 'FI', now());
		INSERT INTO member (institution, person, role, since)
		SELECT i.id, p, 'member', now() FROM institution i,
		unnest(ARRAY['${people.map((one) => one.id).join("','")}']::uuid[]) p
		WHERE i.name = 'Fox';
		SET session_replication_role = replica;
		UPDATE access_request SET created_at = now() - interval '2 days'
			WHERE model = (SELECT id FROM model WHERE name = '${model}');
		DELETE FROM transparency_report`,
	);
}

scenario(here, "who else may is told in numbers, and nobody stands alone in one", async () => {
	const model = `many/${freshName("model")}`;

	await createModel(here.gateway, model, { gate: "manual" });
	await asked(model);
	const page = await here.open(null, `/models/${model}?tab=given`);

	await page.getByRole("row", { name: "Finland 6 0 0 6" }).waitFor();
	await page.getByRole("row", { name: "university 6 0 0 6" }).waitFor();
	await page.getByText("fewer than 5 people").waitFor();
	await here.look(page, "model-given");
});

scenario(here, "whatever a card holds, nothing of it runs or is fetched", async () => {
	const { name } = await hostileModel(here.gateway);
	const page = await here.open("stranger", `/models/${name}`);

	await page.getByText("after all of it").waitFor();
	assert.equal(await page.evaluate(() => globalThis.wasRun), undefined);
	assert.equal(
		await page.locator("main img, main script, main iframe, main style").count(),
		0,
	);
	const links = await page
		.locator("main .prose a")
		.evaluateAll((all) => all.map((a) => a.href));
	assert.ok(links.length > 0);
	for (const link of links) assert.match(link, /^(https?|mailto):/);
	await here.look(page, "model-hostile");
});
