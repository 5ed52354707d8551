// SPDX-License-Identifier: Apache-2.0
// make_ids.mjs - writes ids.json: what npm tokenizers (Hugging Face's own) makes of conversations
// that npm @huggingface/jinja has rendered: apply_chat_template of transformers.
// usage: node make_ids.mjs SHARED/data > ids.json, where both can be resolved.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.cwd() + "/"));
const { Template } = require("@huggingface/jinja");
const { Tokenizer } = require("tokenizers");
const shared = process.argv[2];
const read = (name) => readFileSync(`${shared}/${name}`, "utf8");

function qwen2() {
  const whole = JSON.parse(read("tokenizers/qwen2/tokenizer_rest.json"));
  const lines = read("tokenizers/qwen2/merges.txt").split("\n");
  whole.model.vocab = JSON.parse(read("tokenizers/qwen2/vocab.json"));
  whole.model.merges = lines.filter((line) => line && !line.startsWith("#version"));
  return JSON.stringify(whole);
}

const pairs = [
  { tokenizer: "qwen2", text: qwen2(), template: "Qwen-Qwen2.5-7B-Instruct.jinja" },
  { tokenizer: "qwen2", text: qwen2(), template: "Qwen-Qwen3-0.6B.jinja" },
  {
    tokenizer: "tokenizers/llama2/tokenizer_phi3.json",
    text: read("tokenizers/llama2/tokenizer_phi3.json"),
    template: "microsoft-Phi-3.5-mini-instruct.jinja",
  },
  {
    tokenizer: "models/hf-trained-here/qwen2/tokenizer.json",
    text: read("models/hf-trained-here/qwen2/tokenizer.json"),
    template: "Qwen-Qwen2.5-7B-Instruct.jinja",
  },
];
const user = (content) => ({ role: "user", content });
const assistant = (content) => ({ role: "assistant", content });
const tool = {
  type: "function",
  function: {
    name: "weather",
    description: "Says the weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
};
const call = {
  role: "assistant",
  content: "",
  tool_calls: [
    { id: "abcdefghi", type: "function", function: { name: "weather", arguments: { city: "Zürich" } } },
  ],
};
const conversations = {
  one: { messages: [user("Hello, who are you?")] },
  blanks: { messages: [user("  two spaces\n\n\nand lines \t"), assistant(" x "), user(" ")] },
  scripts: {
    messages: [
      { role: "system", content: "Antworte höflich. 回答は日本語で。" },
      user("Привет 👋🏽 e\u0301a 12345 don't"),
    ],
  },
  nearly: { messages: [user("a < b | c > d <| im_end |> </ s> [INST]")] },
  tools: {
    messages: [user("Weather?"), call, { role: "tool", tool_call_id: "abcdefghi", content: "rain" }],
    tools: [tool],
  },
};
const own = { bos_token: "<s>", eos_token: "</s>" };
const rows = [];

for (const { tokenizer, text, template } of pairs) {
  const reference = Tokenizer.fromString(text);
  const parsed = new Template(read(`chat/templates/${template}`));

  for (const [name, conversation] of Object.entries(conversations)) {
    if (name === "tools" && template.startsWith("microsoft")) continue; // it knows none
    const rendered = parsed.render({ ...own, add_generation_prompt: true, ...conversation });
    const ids = (await reference.encode(rendered, null, { addSpecialTokens: false })).getIds();

    rows.push({ tokenizer, template, conversation: name, ids: Array.from(ids) });
  }
}
const body = rows.map((row) => JSON.stringify(row)).join(",\n");
console.log(`{"own":${JSON.stringify(own)},\n"conversations":${JSON.stringify(conversations)},\n"rows":[\n${body}\n]}`);
