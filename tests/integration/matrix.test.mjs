// SPDX-License-Identifier: Apache-2.0
// Every route, asked by everybody, about what is theirs, somebody else's and nobody's: nobody gets
// further than they may. What is expected is written down in matrix/rules.mjs and routes.mjs; a
// route of schema/api/openapi.json that is not there fails.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile, root } from "./gateway.mjs";
import { ask } from "./http.mjs";
import { Cast } from "./matrix/cast.mjs";
import { routes } from "./matrix/routes.mjs";
import { actors, agrees, expected } from "./matrix/rules.mjs";

const description = JSON.parse(fs.readFileSync(path.join(root, "schema/api/openapi.json"), "utf8"));
const methods = ["get", "head", "post", "put", "patch", "delete"];
const declared = Object.fromEntries(
	Object.entries(description.paths).flatMap(([pattern, item]) =>
		methods
			.filter((method) => item[method])
			.map((method) => [
				`${method.toUpperCase()} ${pattern}`,
				item[method]["x-right"],
			]),
	),
);

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.cast = await Cast.make(gateway);
});

/** The address of a route about this object, and the body that goes with it. */
function askingOf(pattern, row, object) {
	const values = { revision: "main", path: "config.json", branch: "x", ...row.path };
	if (row.object === "model") [values.ns, values.name] = object.split("/");
	else if (object !== undefined) values.id = object;
	const target = pattern.replace(/\{(\w+)\}/g, (_, name) => {
		assert.ok(values[name] !== undefined, `${pattern}: no value for {${name}}`);
		return values[name];
	});
	return {
		target: row.query ? `${target}?${row.query}` : target,
		body: typeof row.body === "function" ? row.body(object) : row.body,
	};
}

function wantedOf(route, row, actor, which) {
	const isHub = !/ \/(api\/)?v1\//.test(route);
	return expected(actor, declared[route], which, row, isHub);
}

/** What disagrees in one cell; undefined: nothing. */
async function cell(route, row, actor, which, object) {
	const [method, pattern] = route.split(" ");
	const { target, body } = askingOf(pattern, row, object);
	const wanted = wantedOf(route, row, actor, which);
	const headers = typeof body === "string" ? { "content-type": "application/json" } : {};
	const token = here.cast.tokens[actor];
	const { status, text } = await ask(here.gateway, method, target, { token, body, headers });

	if (agrees(wanted, status, which === "own" || which === "other")) return undefined;
	return `${actor}, ${which}: ${status}, ${wanted} expected: ${text.slice(0, 120)}`;
}

/** What disagrees of one route: all actors at once, each about one object after the other. */
async function row(route) {
	const { cast } = here;
	const about = routes[route];
	const ofActor = async (actor) => {
		const found = [];
		const isRefused = (which) =>
			[401, 403, 404].includes(wantedOf(route, about, actor, which));
		const changes = (which) => about.usesUp && !isRefused(which);
		const objects = await cast.objects(about.object, actor, changes);
		for (const [which, object] of Object.entries(objects))
			found.push(await cell(route, about, actor, which, object));
		return found;
	};
	const cells = (await Promise.all(actors.map(ofActor))).flat();

	return { cells: cells.length, wrong: cells.filter(Boolean) };
}

test("every route of openapi.json is in the matrix, and no other", () => {
	const without = Object.keys(declared).filter((route) => !routes[route]);
	const unknown = Object.keys(routes).filter((route) => !declared[route]);

	assert.deepEqual(without, [], "add a line to matrix/routes.mjs; README.md says how");
	assert.deepEqual(unknown, [], "these lines of matrix/routes.mjs are of no route");
	// JavaScript takes the last of two, and says nothing.
	const text = fs.readFileSync(new URL("matrix/routes.mjs", import.meta.url), "utf8");
	const lines = [...text.matchAll(/^\t"([A-Z]+ [^"]+)":/gm)].map((found) => found[1]);
	const twice = lines.filter((route, i) => lines.indexOf(route) !== i);
	assert.deepEqual(twice, [], "these lines of matrix/routes.mjs stand there twice");
});

test("the matrix", async (t) => {
	let cells = 0;
	for (const route of Object.keys(declared).filter((one) => routes[one]))
		await t.test(`${route} (${declared[route]})`, async () => {
			const result = await row(route);
			cells += result.cells;
			assert.deepEqual(result.wrong, []);
		});
	t.diagnostic(`${cells} cells`);
});
