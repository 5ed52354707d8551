// SPDX-License-Identifier: Apache-2.0
// A model whose card tries everything, and whose criteria are published.
import fs from "node:fs";
import path from "node:path";
import { expect } from "../integration/http.mjs";
import { addPerson } from "../integration/people.mjs";

const CARD = `---
license: other
---
# <script>globalThis.wasRun = 1</script>

<img src=x onerror="globalThis.wasRun = 2"> <svg onload="globalThis.wasRun = 3">

[click](javascript:globalThis.wasRun=4) [click](JaVaScRiPt:globalThis.wasRun=4)
[data](data:text/html,<script>globalThis.wasRun=5</script>) [vb](vbscript:x) [rel](../../x)
[good](https://example.org/paper) <https://example.org/auto> <javascript:globalThis.wasRun=6>

![picture](https://example.org/tracker.png) ![x](x" onerror="globalThis.wasRun=7)

<iframe src="https://example.org"></iframe><style>body { display: none }</style>

| a | b |
|---|---|
| <b onmouseover="globalThis.wasRun=8">c</b> | \`</code><script>globalThis.wasRun=9</script>\` |

- [x] done
- ~~gone~~ **bold** _calm_ &lt;b&gt; &amp;amp; {{constructor.constructor('x')()}}

\`\`\`html
<script>globalThis.wasRun = 10</script>
\`\`\`

after all of it
`;

const status = { type: "ResearcherStatus", value: "x" };
const all = [
	{ claim: status },
	{ terms_signed: true },
	{ not: { rights: { include: "weights:read" } } },
];
const rule = {
	id: "bona-fide",
	effect: "approve",
	text: "Whoever has been verified as a researcher, <b>and</b> has signed the terms.",
	when: { all },
};
const CRITERIA = {
	v: 1,
	name: "Researchers",
	default: "refer",
	rules: [rule],
};

let made;

/** Made once a file of tests: {name}. */
export function hostileModel(gateway) {
	made ??= make(gateway);
	return made;
}

async function make(gateway) {
	const name = "sallyport/hostile";
	const folder = path.join(gateway.folder, "hostile");
	const token = gateway.tokens.admin;

	fs.mkdirSync(folder);
	fs.writeFileSync(path.join(folder, "README.md"), CARD);
	const done = await gateway.cli(token, "model", "import", name, folder, "--gated", "manual");
	if (done.code) throw new Error(done.stderr);
	const { json } = await expect(201, gateway, "POST", `/api/v1/models/${name}/criteria`, {
		token,
		body: CRITERIA,
	});
	const act = (what, by) =>
		expect(
			200,
			gateway,
			"POST",
			`/api/v1/models/${name}/criteria/${json.sha256}/${what}`,
			{
				token: by,
			},
		);
	const second = await addPerson(gateway, ["models:manage"]);
	await act("propose", token);
	await act("activate", second.token); // it takes two
	return { name };
}
