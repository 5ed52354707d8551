// SPDX-License-Identifier: Apache-2.0
// The call as it stands in the form, as lines for a shell and for Python.
import { text } from "../../text/text";
import { Copyable } from "../../ui/basic";
import { Tabs } from "../../ui/tabs";
import { bodyOf, type Call, isChat, pathOf } from "./generating";

const inShell = (words: string): string => `'${words.replaceAll("'", `'\\''`)}'`;

/** JSON as Python writes it. */
function inPython(value: unknown, indent = ""): string {
  const deeper = `${indent}    `;

  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const items = Array.isArray(value)
    ? value.map((one) => inPython(one, deeper))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${inPython(one, deeper)}`);

  if (!items.length) return `${open}${close}`;
  return `${open}\n${items.map((one) => deeper + one).join(",\n")},\n${indent}${close}`;
}

function curl(call: Call): string {
  return [
    `curl ${location.origin}${pathOf(call)} \\`,
    '  -H "Authorization: Bearer $SALLYPORT_TOKEN" \\',
    '  -H "Content-Type: application/json" \\',
    `  -d ${inShell(JSON.stringify(bodyOf(call), null, 2))}`,
  ].join("\n");
}

// What the client of OpenAI has arguments for; the rest goes into extra_body.
const OWN = ["top_k", "min_p", "repetition_penalty", "deterministic"];

function python(call: Call): string {
  const entries = Object.entries(bodyOf(call));
  const extra = entries.filter(([name]) => OWN.includes(name) || name.startsWith("guided_"));
  const named = entries.filter((one) => !extra.includes(one));
  const all = extra.length ? [...named, ["extra_body", Object.fromEntries(extra)] as const] : named;

  return [
    "import os",
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url="${location.origin}/v1", api_key=os.environ["SALLYPORT_TOKEN"])`,
    `answer = client.${isChat(call) ? "chat.completions" : "completions"}.create(`,
    ...all.map(([name, value]) => `    ${name}=${inPython(value, "    ")},`),
    ")",
    `print(answer.choices[0].${isChat(call) ? "message.content" : "text"})`,
  ].join("\n");
}

export function AsProgram({ call }: { call: Call }) {
  const t = text.value.playground;

  return (
    <details>
      <summary>{t.asProgram}</summary>
      <p class="soft small">{t.asProgramHelp}</p>
      <Tabs
        name="as"
        label={t.asProgram}
        tabs={[
          { key: "curl", title: "curl", render: () => <Copyable block value={curl(call)} /> },
          { key: "python", title: "Python", render: () => <Copyable block value={python(call)} /> },
        ]}
      />
    </details>
  );
}
