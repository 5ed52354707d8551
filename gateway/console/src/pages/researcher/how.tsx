// SPDX-License-Identifier: Apache-2.0
// How to use a model from programs: lines to copy, with the address of this gateway.
import { ask, ofModel } from "../../api/client";
import { useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Card, Copyable } from "../../ui/basic";
import { Loaded } from "../../ui/state";
import { Tabs } from "../../ui/tabs";

const TOKEN = "hf_...";

interface Way {
  key: string;
  title: string;
  lines: string;
}

const lines = (...all: string[]): string => all.join("\n");

function downloads(model: string, url: string, isGguf: boolean): Way[] {
  const hub = `export HF_ENDPOINT=${url} HF_TOKEN=${TOKEN}`;
  const found = [
    { key: "hf", title: "hf", lines: lines(hub, `hf download ${model} --local-dir weights`) },
    {
      key: "python",
      title: "Python",
      lines: lines(
        "from huggingface_hub import snapshot_download",
        "",
        `snapshot_download("${model}", endpoint="${url}", token="${TOKEN}")`,
      ),
    },
    {
      key: "pull",
      title: "sallyport pull",
      lines: lines(
        `export SALLYPORT_URL=${url} SALLYPORT_TOKEN=${TOKEN}`,
        `sallyport pull ${model} ./weights`,
      ),
    },
  ];

  if (isGguf)
    found.push({ key: "llama", title: "llama.cpp", lines: lines(hub, `llama-cli -hf ${model}`) });
  return found;
}

function chats(model: string, url: string): Way {
  return {
    key: "openai",
    title: "openai",
    lines: lines(
      "from openai import OpenAI",
      "",
      `client = OpenAI(base_url="${url}/v1", api_key="${TOKEN}")`,
      "answer = client.chat.completions.create(",
      `    model="${model}",`,
      '    messages=[{"role": "user", "content": "Hello"}],',
      ")",
      "print(answer.choices[0].message.content)",
    ),
  };
}

export function HowTo({ model, rights }: { model: string; rights: string[] }) {
  const t = text.value.licenses;
  const asked = useAsk(
    (signal) => ask("GET /api/models/{ns}/{name}", { path: ofModel(model), signal }),
    [model],
  );

  return (
    <Card title={t.how}>
      <p class="soft">
        {t.howHelp} <a href="/tokens">{text.value.tokens.title}</a>
      </p>
      <Loaded of={asked}>
        {(info) => {
          const isGguf = (info.siblings ?? []).some((file) => file.rfilename.endsWith(".gguf"));
          const ways = [
            ...(rights.includes("weights:read") ? downloads(model, location.origin, isGguf) : []),
            ...(rights.includes("infer:generate") && info.sallyport.inference
              ? [chats(model, location.origin)]
              : []),
          ];

          return (
            <Tabs
              label={t.how}
              name="with"
              tabs={ways.map((way) => ({
                key: way.key,
                title: way.title,
                render: () => <Copyable block label={way.title} value={way.lines} />,
              }))}
            />
          );
        }}
      </Loaded>
      <p class="soft small">{t.caHelp}</p>
      {rights.includes("infer:generate") && (
        <p>
          <a href={`/playground?model=${encodeURIComponent(model)}`}>{t.tryIt}</a>
        </p>
      )}
    </Card>
  );
}
