// SPDX-License-Identifier: Apache-2.0
// What the gateway keeps about me, to take along: one JSON file with each receipt.
import { useEffect, useRef, useState } from "preact/hooks";
import { useAct } from "../../api/use";
import { me } from "../../session";
import { bytes } from "../../text/format";
import { text } from "../../text/text";
import { Button, Card, LinkButton, Note, Progress } from "../../ui/basic";
import { ErrorState } from "../../ui/state";
import { gather } from "./data_api";

interface Made {
  address: string;
  size: number;
}

export default function Data() {
  const t = text.value.myData;
  const [progress, setProgress] = useState<{ done: number; of: number }>();
  const [made, setMade] = useState<Made>();
  const stop = useRef<AbortController>();
  const act = useAct(async () => {
    const { signal } = (stop.current = new AbortController());

    setMade(undefined);
    setProgress(undefined);
    const all = await gather({
      signal,
      person: me.value?.person.id ?? "",
      onProgress: (done, of) => setProgress({ done, of }),
    });
    const file = new Blob([JSON.stringify(all, null, 2)], { type: "application/json" });
    setMade({ address: URL.createObjectURL(file), size: file.size });
  });

  useEffect(() => () => stop.current?.abort(), []);
  useEffect(() => () => URL.revokeObjectURL(made?.address ?? ""), [made]);
  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Card title={t.what}>
        <ul>
          {t.parts.map((part) => (
            <li key={part}>{part}</li>
          ))}
        </ul>
        <p class="soft">{t.notIn}</p>
        {act.error && <ErrorState error={act.error} again={() => void act.run()} />}
        {act.isBusy && (
          <Progress
            label={t.working}
            {...(progress && { value: progress.done, of: progress.of })}
          />
        )}
        {made && (
          <Note
            tone="good"
            title={t.made(bytes(made.size))}
            actions={
              <LinkButton
                kind="primary"
                icon="download"
                href={made.address}
                download={t.file(me.value?.person.name ?? "")}
              >
                {t.save}
              </LinkButton>
            }
          />
        )}
        <div class="actions">
          <Button
            kind={made ? "plain" : "primary"}
            isBusy={act.isBusy}
            onClick={() => void act.run()}
          >
            {t.gather}
          </Button>
        </div>
      </Card>
    </>
  );
}
