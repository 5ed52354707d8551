// SPDX-License-Identifier: Apache-2.0
// What an administrator and a researcher do over HTTP, step by step: the cast of many tests.
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { sql } from "./database.mjs";
import { ask, expect, until } from "./http.mjs";

let counter = 0;

/** A name nobody has yet. */
export function freshName(stem) {
	return `${stem}-${process.pid}-${++counter}`;
}

/** A person with a first token: {id, name, token, token_id}. */
export async function addPerson(gateway, offices = []) {
	const body = { name: freshName("person"), offices };
	const answer = await expect(201, gateway, "POST", "/api/v1/persons", {
		token: gateway.tokens.admin,
		body,
	});
	return answer.json;
}

/** An Ed25519 key of that person, enrolled: {id, sign(bytes) -> base64}. */
export async function enrollKey(gateway, token) {
	const pair = crypto.generateKeyPairSync("ed25519");
	const raw = pair.publicKey.export({ type: "spki", format: "der" }).subarray(-32);
	const answer = await expect(201, gateway, "POST", "/api/v1/keys", {
		token,
		body: { kind: "ed25519", name: "laptop", public: raw.toString("base64") },
	});
	return {
		id: answer.json.id,
		sign: (bytes) => crypto.sign(null, bytes, pair.privateKey).toString("base64"),
	};
}

/** The terms of a model now, as SHA-256 in hexadecimal. */
export async function termsOf(gateway, model) {
	const answer = await expect(200, gateway, "GET", `/api/models/${model}`);
	return answer.json.sallyport.terms_sha256;
}

/** The body of an access request whose terms are signed with `key`. */
export async function requestBody(gateway, key, model, rights) {
	const statement = {
		intended_use: "to measure what it knows about foxes",
		model,
		rights: [...rights].sort(),
		terms_sha256: await termsOf(gateway, model),
	};
	// Keys in alphabetical order and no spaces: canonical JSON, for ASCII text.
	const signed = "sallyport/terms/v1\n" + JSON.stringify(statement);
	return {
		...statement,
		terms_signature: { key_id: key.id, sig: key.sign(Buffer.from(signed)) },
	};
}

export function submit(gateway, token, body) {
	return ask(gateway, "POST", "/api/v1/access-requests", { token, body });
}

/** From nothing to a license: {person, key, request, license}. `grant`: what the approval says. */
export async function licensedPerson(gateway, model, rights, grant = {}) {
	const person = await addPerson(gateway);
	const key = await enrollKey(gateway, person.token);
	const body = await requestBody(gateway, key, model, rights);
	const request = await submit(gateway, person.token, body);
	if (request.status !== 201) throw new Error(`request: ${request.text}`);
	const approval = await expect(
		200,
		gateway,
		"POST",
		`/api/v1/access-requests/${request.json.id}/approve`,
		{ token: gateway.tokens.admin, body: grant },
	);
	return { person, key, request: request.json, license: approval.json.license };
}

export function sha256(bytes) {
	return crypto.createHash("sha256").update(bytes).digest("hex");
}

/** Terms of use, kept under their SHA-256. */
export async function addTerms(gateway, text) {
	const answer = await expect(201, gateway, "POST", "/api/v1/terms", {
		token: gateway.tokens.admin,
		body: text,
		headers: { "content-type": "text/markdown" },
	});
	return answer.json.sha256;
}

export async function createModel(gateway, model, settings) {
	const token = gateway.tokens.admin;
	const [name, organization] = model.split("/").reverse();
	await expect(200, gateway, "POST", "/api/repos/create", {
		token,
		body: { organization, name, type: "model" },
	});
	if (settings)
		await expect(200, gateway, "PUT", `/api/models/${model}/settings`, {
			token,
			body: settings,
		});
}

/** Where to send a large file: the address of an upload, or undefined if it is there already. */
export async function uploadAddress(gateway, model, oid, size) {
	const batch = await expect(200, gateway, "POST", `/${model}.git/info/lfs/objects/batch`, {
		token: gateway.tokens.admin,
		headers: { "content-type": "application/vnd.git-lfs+json" },
		body: {
			operation: "upload",
			transfers: ["basic"],
			hash_algo: "sha256",
			objects: [{ oid, size }],
		},
	});
	return batch.json.objects[0].actions?.upload.href;
}

function commitLine(key, value) {
	return JSON.stringify({ key, value }) + "\n";
}

/** Commit {path: Buffer}: small files inline, `large` ones as what was uploaded before. */
export function commit(gateway, model, files, large = []) {
	let body = commitLine("header", { summary: "import" });

	for (const [name, bytes] of Object.entries(files))
		body += large.includes(name)
			? commitLine("lfsFile", {
					path: name,
					algo: "sha256",
					oid: sha256(bytes),
					size: bytes.length,
				})
			: commitLine("file", {
					path: name,
					encoding: "base64",
					content: bytes.toString("base64"),
				});
	return ask(gateway, "POST", `/api/models/${model}/commit/main`, {
		token: gateway.tokens.admin,
		body,
		headers: { "content-type": "application/x-ndjson" },
	});
}

/** The whole import by the Hub's routes, as its clients do it; resolves to the commit's answer. */
export async function importFiles(gateway, model, files, settings) {
	await createModel(gateway, model, settings);
	const wanted = Object.entries(files).map(([name, bytes]) => ({
		path: name,
		size: bytes.length,
		sample: bytes.subarray(0, 512).toString("base64"),
	}));
	const answer = await expect(200, gateway, "POST", `/api/models/${model}/preupload/main`, {
		token: gateway.tokens.admin,
		body: { files: wanted },
	});
	const large = answer.json.files
		.filter((one) => one.uploadMode === "lfs")
		.map((one) => one.path);
	for (const name of large) {
		const bytes = files[name];
		const href = await uploadAddress(gateway, model, sha256(bytes), bytes.length);
		if (href) await expect(200, gateway, "PUT", href, { body: bytes });
	}
	const made = await commit(gateway, model, files, large);
	if (made.status !== 200) throw new Error(`commit: ${made.status} ${made.text}`);
	return made.json;
}

/** {name: bytes} of the files right in a folder. */
export function readFolder(folder) {
	return Object.fromEntries(
		fs
			.readdirSync(folder)
			.filter((name) => fs.statSync(path.join(folder, name)).isFile())
			.map((name) => [name, fs.readFileSync(path.join(folder, name))]),
	);
}

/** A person with every office, as the operator whose token the demo keeps to itself. */
export async function addOperator(gateway) {
	const person = await addPerson(gateway);

	sql(
		gateway,
		`INSERT INTO office (person, office, granted_at)
		SELECT '${person.id}', o, now() FROM unnest(ARRAY['requests:handle',
			'requests:decide', 'licenses:manage', 'models:manage', 'persons:manage',
			'keys:manage', 'safety:review', 'audit:read']) o`,
	);
	await until("the operator's offices", 10, async () => {
		const { token } = person;
		return (await ask(gateway, "GET", "/api/v1/offices", { token })).status === 200;
	});
	return person;
}
