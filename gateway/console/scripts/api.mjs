#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// api.mjs: types of the gateway's interface, from schema/api/openapi.json to src/api/schema.ts,
// which is made anew by each build.
import fs from "node:fs";

const COLUMNS = 96; // without the tabs before a comment
const description = new URL("../../../schema/api/openapi.json", import.meta.url);
const target = new URL("../src/api/schema.ts", import.meta.url);

const tabs = (depth) => "\t".repeat(depth);
const isName = (name) => /^[A-Za-z_$][\w$]*$/.test(name);

function comment(text, depth) {
	if (!text) return "";
	const width = COLUMNS - 4 * depth;
	const words = text.replaceAll("*/", "* /").split(/\s+/);
	const lines = [""];

	for (const word of words)
		if (lines.at(-1).length + word.length > width) lines.push(word);
		else lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
	if (lines.length === 1) return `${tabs(depth)}/** ${lines[0]} */\n`;
	return (
		`${tabs(depth)}/**\n${lines.map((l) => `${tabs(depth)} * ${l}\n`).join("")}` +
		`${tabs(depth)} */\n`
	);
}

function members(schema, depth) {
	const needed = new Set(schema.required ?? []);

	return Object.entries(schema.properties)
		.map(([name, of]) => {
			const key = isName(name) ? name : JSON.stringify(name);
			const mark = needed.has(name) ? "" : "?";
			return (
				`${comment(of.description, depth)}${tabs(depth)}${key}${mark}: ` +
				`${type(of, depth)};\n`
			);
		})
		.join("");
}

function objectType(schema, depth) {
	if (schema.properties) return `{\n${members(schema, depth + 1)}${tabs(depth)}}`;
	if (typeof schema.additionalProperties === "object")
		return `Record<string, ${type(schema.additionalProperties, depth)}>`;
	return "Json";
}

function union(parts, depth) {
	const all = [...new Set(parts)];
	const line = all.join(" | ");

	if (line.length < 60 || all.length === 1) return line;
	return all.map((part) => `\n${tabs(depth + 1)}| ${part}`).join("");
}

/** A schema as a TypeScript type, written `depth` tabs deep. */
function type(schema, depth) {
	if (!schema || schema === true) return "unknown";
	if (schema.$ref) return schema.$ref.split("/").at(-1);
	if (schema.const !== undefined) return JSON.stringify(schema.const);
	if (schema.enum)
		return union(
			schema.enum.map((v) => JSON.stringify(v)),
			depth,
		);
	if (schema.oneOf ?? schema.anyOf)
		return union(
			(schema.oneOf ?? schema.anyOf).map((s) => type(s, depth + 1)),
			depth,
		);
	if (schema.allOf) return schema.allOf.map((s) => type(s, depth)).join(" & ");
	if (Array.isArray(schema.type))
		return union(
			schema.type.map((t) => type({ ...schema, type: t }, depth)),
			depth,
		);
	switch (schema.type) {
		case "string":
			return "string";
		case "integer":
		case "number":
			return "number";
		case "boolean":
			return "boolean";
		case "null":
			return "null";
		case "array": {
			const item = type(schema.items, depth);
			return /[|&]/.test(item) && !item.startsWith("{")
				? `Array<${item}>`
				: `${item}[]`;
		}
		case "object":
			return objectType(schema, depth);
		default:
			return schema.properties ? objectType(schema, depth) : "unknown";
	}
}

const json = (content) =>
	Object.entries(content ?? {})
		.filter(([kind]) => /[/+]json$/.test(kind))
		.map(([, value]) => value.schema ?? {});

function reply(responses) {
	const types = [];

	for (const [status, response] of Object.entries(responses)) {
		if (!status.startsWith("2")) continue;
		const schemas = json(response.content);
		if (schemas.length) types.push(...schemas.map((s) => type(s, 2)));
		else types.push(response.content ? "string" : "null");
	}
	return union(types, 2) || "null";
}

function parameters(all, place) {
	const own = (all ?? []).filter((p) => p.in === place);
	if (!own.length) return "";
	const schema = {
		type: "object",
		required: own.filter((p) => p.required).map((p) => p.name),
		properties: Object.fromEntries(
			own.map((p) => [p.name, { description: p.description, ...p.schema }]),
		),
	};
	return `\t\t${place}: ${type(schema, 2)};\n`;
}

function operation(method, path, of) {
	const body = json(of.requestBody?.content)[0];

	return (
		comment(of.summary, 1) +
		`\t"${method.toUpperCase()} ${path}": {\n` +
		parameters(of.parameters, "path") +
		parameters(of.parameters, "query") +
		(body ? `\t\tbody: ${type(body, 2)};\n` : "") +
		`\t\treply: ${reply(of.responses)};\n\t};\n`
	);
}

function write(api) {
	const shapes = Object.entries(api.components.schemas)
		.map(
			([name, of]) =>
				`${comment(of.description, 0)}export type ${name} = ` +
				`${type(of, 0)};\n`,
		)
		.join("\n");
	const operations = Object.entries(api.paths)
		.flatMap(([path, methods]) =>
			Object.entries(methods).map(([method, of]) => operation(method, path, of)),
		)
		.join("\n");

	return (
		"// SPDX-License-Identifier: Apache-2.0\n" +
		"// Generated from schema/api/openapi.json by scripts/api.mjs (npm run api).\n" +
		"/* clang-format off: lines are as long as they come */\n\n" +
		"/** An object whose members the description does not name. */\n" +
		"export type Json = Record<string, unknown>;\n\n" +
		`${shapes}\nexport interface Operations {\n${operations}}\n`
	).replace(/[ \t]+\n/g, "\n");
}

const text = write(JSON.parse(fs.readFileSync(description, "utf8")));
const isThere = fs.existsSync(target) && fs.readFileSync(target, "utf8") === text;

if (!isThere) fs.writeFileSync(target, text);
