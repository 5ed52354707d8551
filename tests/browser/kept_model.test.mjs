// SPDX-License-Identifier: Apache-2.0
// A model in somebody's care: its settings under two people's hands, a large file that is broken
// off and goes on, which revision is current, what engines keep of it, and its end.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { browserForThisFile, scenario } from "./harness.mjs";
import { expect, until } from "../integration/http.mjs";
import { createModel, freshName, uploadAddress } from "../integration/people.mjs";

const PART = 64 << 20;
const LARGE = PART + (3 << 20) + 77; // two parts, and no whole number of blocks
const here = browserForThisFile();
const as = async (token, status, method, path, body) =>
	(await expect(status, here.gateway, method, path, { token, body })).json;
const careOf = (model) => as(here.gateway.tokens.admin, 200, "GET", `/api/v1/models/${model}`);
const addressOf = (model, tab = "") =>
	`/admin/model?name=${encodeURIComponent(model)}${tab && `&tab=${tab}`}`;

async function makeModel() {
	const model = `admin/${freshName("kept")}`;

	await createModel(here.gateway, model, { gate: "manual" });
	return model;
}

/** A file of the gateway's folder, with bytes that nobody has seen. */
function makeFile(name, bytes) {
	const file = path.join(here.gateway.folder, name);

	fs.writeFileSync(file, bytes);
	return file;
}

scenario(here, "a large file that is broken off goes on, and becomes a revision", async () => {
	const model = await makeModel();
	const bytes = Buffer.alloc(LARGE, crypto.randomBytes(1 << 20));
	const files = [
		makeFile("weights.bin", bytes),
		makeFile("README.md", Buffer.from("# Kept\n\nIt is kept.\n")),
	];
	const page = await here.open("admin", addressOf(model, "upload"));
	let sent = 0;
	const choose = () => page.getByLabel("Files", { exact: true }).setInputFiles(files);

	await page.route("**/upload/*", (route) => {
		if (route.request().method() !== "PUT" || ++sent !== 2) return route.continue();
	}); // the second part never gets anywhere
	await choose();
	await page.getByRole("button", { name: "Upload", exact: true }).click();
	await until("the first part is there", 60, async () => {
		const { under_way } = await careOf(model);
		return sent === 2 && under_way[0]?.came === PART;
	});
	await here.look(page, "model-uploading");
	await page.getByRole("button", { name: "Stop", exact: true }).click();
	await page.getByText("Stopped. What has come stays for a day.").waitFor();
	await page.getByText("67.1 MB of 70.3 MB, by admin").waitFor();
	await page.unroute("**/upload/*");

	sent = 0;
	page.on("request", (request) => {
		if (request.method() === "PUT") sent++;
	});
	await page.getByRole("button", { name: "Go on" }).click();
	await page.getByText("A revision was made of it").waitFor();
	assert.equal(sent, 1, "the second part only");
	const kept = await careOf(model);
	assert.equal(kept.history.length, 1);
	assert.deepEqual(
		kept.files_of_main.map((one) => [one.path, one.size, one.open]),
		[
			["README.md", 20, true],
			["weights.bin", LARGE, false],
		],
	);
	assert.deepEqual(kept.under_way, []);
	const digest = crypto.createHash("sha256").update(bytes).digest("hex");
	const address = await uploadAddress(here.gateway, model, digest, LARGE);
	assert.equal(address, undefined, "it is there under its digest");
});

scenario(here, "what others have changed is not overwritten unseen", async () => {
	const model = await makeModel();
	const page = await here.open("admin", "/admin/models");

	await page.getByLabel("Search by name").fill(model);
	await page.getByRole("grid").getByRole("link", { name: model }).click();
	const patterns = page.getByLabel("Files that anyone may read");
	await patterns.fill("README.md\ndocs/**");
	await as(here.gateway.tokens.admin, 200, "PUT", `/api/models/${model}/settings`, {
		hidden: true,
	});
	await page.getByRole("button", { name: "Save" }).click();
	await page.getByText("somebody else has changed the settings").waitFor();
	await here.look(page, "model-overtaken");
	await page.getByRole("button", { name: "Look again" }).click();
	await page.getByRole("checkbox", { name: "Hidden", checked: true }).waitFor();
	await patterns.fill("README.md\ndocs/**");
	await page.getByRole("button", { name: "Save" }).click();
	await page.getByText("Saved", { exact: true }).waitFor();
	const kept = await careOf(model);
	assert.deepEqual([kept.hidden, kept.open_paths], [true, ["README.md", "docs/**"]]);
});

scenario(here, "an older revision becomes current, engines and bits are set", async () => {
	const { model } = here.gateway;
	const { admin } = here.gateway.tokens;
	const before = (await careOf(model)).main;
	const line = (key, value) => `${JSON.stringify({ key, value })}\n`;
	const content = Buffer.from("# Changed\n").toString("base64");

	await expect(200, here.gateway, "POST", `/api/models/${model}/commit/main`, {
		token: admin,
		headers: { "content-type": "application/x-ndjson" },
		body:
			line("header", { summary: "A new card" }) +
			line("file", { path: "README.md", encoding: "base64", content }),
	});
	const page = await here.open("admin", addressOf(model));
	await page.getByText("open to all").first().waitFor();
	await here.look(page, "model-settings");
	await page.getByRole("tab", { name: /Revisions/ }).click();
	await page.getByRole("heading", { name: /A new card.*current/ }).waitFor();
	await page.getByRole("button", { name: "Files" }).first().click();
	await page.getByRole("grid").getByText("model.safetensors").waitFor();
	await here.look(page, "model-revisions");
	await page.getByRole("button", { name: "Make it the current one" }).last().click();
	await page
		.getByRole("dialog")
		.getByRole("button", { name: "Make it the current one" })
		.click();
	await page.getByRole("dialog").waitFor({ state: "detached" });
	await until("main has moved", 20, async () => (await careOf(model)).main === before);

	await page.getByRole("tab", { name: "Engines" }).click();
	await page.getByLabel("Kept in memory as").selectOption("q8_0");
	await page.getByRole("button", { name: "Set", exact: true }).click();
	await page.getByText("Counts from the next loading", { exact: true }).waitFor();
	await here.look(page, "model-engines");
	assert.equal((await careOf(model)).quantize, "q8_0");
});

scenario(here, "new terms are seen as they will be read, and set", async () => {
	const model = await makeModel();
	const page = await here.open("admin", addressOf(model, "terms"));

	await page.getByRole("heading", { name: "No version was set here" }).waitFor();
	await page.getByLabel("Text", { exact: true }).fill("Be *kind* to <b>foxes</b>.");
	await page.getByLabel("As it will be read").getByText("kind", { exact: true }).waitFor();
	await page.getByLabel("Days to accept").fill("7");
	await here.look(page, "model-terms-written");
	await page.getByRole("button", { name: "Set these terms" }).click();
	await page.getByText("has come into force").waitFor();
	await here.look(page, "model-terms-set");
	await page.getByLabel("Text", { exact: true }).fill("Be kinder.");
	await page
		.getByLabel("From a later day")
		.fill(new Date(Date.now() + 9e8).toISOString().slice(0, 10));
	await page.getByRole("button", { name: "Set these terms" }).click();
	await page.getByText("of a later day").waitFor();
	await page.goto(`${here.gateway.url}/models/${model}?tab=terms`);
	await page.getByText("Be kind to").waitFor();
});

scenario(
	here,
	"questions are written, moved, seen as they will be asked, and left again",
	async () => {
		const model = await makeModel();
		const page = await here.open("admin", addressOf(model, "questions"));
		const question = (n) => page.getByRole("group", { name: `Question ${n} of 2` });
		const asked = async () =>
			(
				await as(
					here.gateway.tokens.admin,
					200,
					"GET",
					`/api/v1/models/${model}/form`,
				)
			).form;

		await page.getByText("It asks nothing of its own now.").waitFor();
		await page.getByRole("button", { name: "Add a question" }).click();
		await page
			.getByLabel("Question", { exact: true })
			.fill("I agree to do <b>no</b> harm");
		await page.getByLabel("Is answered by").selectOption("checkbox");
		await page.getByRole("button", { name: "Add a question" }).click();
		await question(2).getByLabel("Question", { exact: true }).fill("I want it for");
		await question(2).getByLabel("Is answered by").selectOption("select");
		await question(2).getByLabel("Choices").fill("Research\nt = Teaching");
		await question(2).getByLabel("Must be answered").uncheck();
		await page.getByRole("button", { name: "Move question 2 up" }).click();
		await page.getByText("Texts above the questions").click();
		await page.getByLabel("Heading").fill("Before you begin");
		await page.getByRole("heading", { name: "Before you begin" }).waitFor();
		await page.getByLabel("I want it for").selectOption("Teaching");
		await here.look(page, "model-questions");
		await page.getByRole("button", { name: "Save the questions" }).click();
		await page.getByText("written here", { exact: true }).waitFor();
		const form = await asked();
		assert.equal(form.extra_gated_heading, "Before you begin");
		assert.deepEqual(
			form.extra_gated_fields.map((one) => [
				one.label,
				one.type,
				one.required !== false,
			]),
			[
				["I want it for", "select", false],
				["I agree to do <b>no</b> harm", "checkbox", true],
			],
		);

		// One that the gateway refuses is said beside what was written, which stays.
		await question(2).getByLabel("Question", { exact: true }).fill("I want it for");
		await page.getByRole("button", { name: "Save the questions" }).click();
		await page.getByText('field "I want it for" is there twice').waitFor();
		await page.getByRole("button", { name: "Remove question 2" }).click();
		await page.getByRole("button", { name: "Ask what the card says" }).click();
		await page
			.getByRole("dialog")
			.getByRole("button", { name: "Ask what the card" })
			.click();
		await page.getByText("It asks nothing of its own now.").waitFor();
		assert.equal(await asked(), null);
	},
);

scenario(here, "a model is shredded once its name is typed, its impact seen before", async () => {
	const model = await makeModel();
	const page = await here.open("admin", addressOf(model, "end"));

	await page.getByText("What this ends, for good").waitFor();
	await page.getByRole("button", { name: "Shred" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("Reason").fill("a test");
	await dialog.getByLabel("Type the name of the model").fill("another");
	await dialog.getByLabel("I know that nobody can undo this").check();
	await dialog.getByRole("button", { name: "Shred" }).click();
	await dialog.getByText("That is not its name.").waitFor();
	await here.look(page, "model-shred");
	assert.equal((await careOf(model)).state, "active");
	await dialog.getByLabel("Type the name of the model").fill(model);
	await dialog.getByRole("button", { name: "Shred" }).click();
	await page.getByText("What could still open its files:").waitFor();
	assert.equal((await careOf(model)).state, "shredded");
});
