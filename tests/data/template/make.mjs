// SPDX-License-Identifier: Apache-2.0
// make.mjs - writes renders.json: what npm @huggingface/jinja makes of the templates in a folder.
// usage: node make.mjs FOLDER > renders.json, where @huggingface/jinja can be resolved.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { Template } = createRequire(pathToFileURL(process.cwd() + "/"))("@huggingface/jinja");
const folder = process.argv[2];
const user = (content) => ({ role: "user", content });
const assistant = (content) => ({ role: "assistant", content });
const tool = {
  type: "function",
  function: {
    name: "weather",
    description: "Says the weather of a city.",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string", description: "Which <city>" },
        days: { type: "integer" },
      },
      required: ["city"],
    },
  },
};
const call = {
  role: "assistant",
  content: "",
  tool_calls: [
    {
      id: "abcdefghi",
      type: "function",
      function: { name: "weather", arguments: { city: "Zürich", days: 2 } },
    },
  ],
};
const result = { role: "tool", tool_call_id: "abcdefghi", name: "weather", content: "rain" };
const tokens = { bos_token: "<s>", eos_token: "</s>", add_generation_prompt: true };
const contexts = {
  plain: { messages: [user("Hello"), assistant(" Hi "), user("Who\nare you? ")], ...tokens },
  system: { messages: [{ role: "system", content: "Be kind." }, user("Hello")], ...tokens },
  tools: { messages: [user("Weather?"), call, result], tools: [tool], ...tokens },
};
const renders = {};
const refused = {};

globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length ? args : [1752148800000]));
  }
};
for (const template of readdirSync(folder).sort()) {
  const parsed = new Template(readFileSync(`${folder}/${template}`, "utf8"));
  for (const context of Object.keys(contexts)) {
    const name = `${template}, ${context}`;
    try {
      renders[name] = { template, context, expected: parsed.render(contexts[context]) };
    } catch (error) {
      refused[name] = { template, context, error: error.message };
    }
  }
}
for (const context of Object.values(contexts)) context.now_seconds = 1752148800;
console.log(JSON.stringify({ contexts, renders, refused }, null, 1));
