// SPDX-License-Identifier: Apache-2.0
// Texts as vectors: how near to each other they are.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct } from "../../api/use";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Button, Card } from "../../ui/basic";
import { Area, Form } from "../../ui/form";
import { ErrorState } from "../../ui/state";

const MOST = 12;
const DECIMALS = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

interface Found {
  texts: string[];
  vectors: number[][];
  tokens: number;
}

const product = (a: number[], b: number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

const nearness = (a: number[], b: number[]): number =>
  product(a, b) / (Math.sqrt(product(a, a) * product(b, b)) || 1);

async function embed(model: string, texts: string[]): Promise<Found> {
  const said = (await ask("POST /v1/embeddings", { body: { model, input: texts } })) as {
    data?: Array<{ index: number; embedding: number[] }>;
    usage?: { prompt_tokens?: number };
  };
  const rows = [...(said.data ?? [])].sort((a, b) => a.index - b.index);

  return {
    texts,
    vectors: rows.map((one) => one.embedding),
    tokens: said.usage?.prompt_tokens ?? 0,
  };
}

function Nearness({ texts, vectors, tokens }: Found) {
  const t = text.value.playground;

  return (
    <>
      <p class="soft small" role="status">
        {t.embedded(texts.length, number(vectors[0]?.length ?? 0), number(tokens))}
      </p>
      <div class="scrolls" tabIndex={0} role="region" aria-label={t.nearness}>
        <table>
          <caption class="unseen">{t.nearness}</caption>
          <thead>
            <tr>
              <th scope="col">{t.text}</th>
              {texts.map((_, i) => (
                <th key={i} scope="col" class="n">
                  {i + 1}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {texts.map((one, i) => (
              <tr key={i}>
                <th scope="row">
                  {i + 1}. {one}
                </th>
                {vectors.map((other, j) => (
                  <td key={j} class="n">
                    {number(nearness(vectors[i] ?? [], other), DECIMALS)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

export function Embedding({ model }: { model: string }) {
  const t = text.value.playground;
  const [words, setWords] = useState("");
  const [found, setFound] = useState<Found>();
  const act = useAct(async () => {
    const texts = words
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);

    if (texts.length > MOST) throw new Error(t.tooMany(MOST));
    setFound(await embed(model, texts));
  });

  return (
    <Form onSend={() => void act.run()}>
      <Card title={t.embedding}>
        <Area label={t.texts} hint={t.textsHint} value={words} onValue={setWords} required />
        {act.error && <ErrorState error={act.error} />}
        <Button kind="primary" type="submit" icon="play" isBusy={act.isBusy}>
          {t.embed}
        </Button>
        {found && <Nearness {...found} />}
      </Card>
    </Form>
  );
}
