// SPDX-License-Identifier: Apache-2.0
// One call of @huggingface/hub, in a process that trusts the gateway's CA as any Node program does
// (NODE_EXTRA_CA_CERTS): `node hub_call.mjs NAME < parameters`. {"file": PATH} in the parameters
// stands for that file's bytes. Prints {"result"} or {"error": {"status", "message"}}.
import fs from "node:fs";
import * as hub from "@huggingface/hub";

async function withFiles(value) {
	if (Array.isArray(value)) return Promise.all(value.map(withFiles));
	if (value === null || typeof value !== "object") return value;
	if (typeof value.file === "string" && Object.keys(value).length === 1)
		return fs.openAsBlob(value.file);
	const entries = Object.entries(value).map(async ([key, one]) => [
		key,
		await withFiles(one),
	]);
	return Object.fromEntries(await Promise.all(entries));
}

const [name] = process.argv.slice(2);
const parameters = await withFiles(JSON.parse(fs.readFileSync(0, "utf8")));

try {
	const made = hub[name](parameters);
	const result = made[Symbol.asyncIterator] ? await Array.fromAsync(made) : await made;
	console.log(JSON.stringify({ result: result ?? null }));
} catch (error) {
	const told = { status: error.statusCode, message: error.message };
	console.log(JSON.stringify({ error: told }));
}
