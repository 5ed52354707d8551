// SPDX-License-Identifier: Apache-2.0
// The terms of a model: its versions, and new ones, seen as its readers will see them before they
// are given.
import { useState } from "preact/hooks";
import { ask, ofModel } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, Copyable, EmptyState, Time } from "../../ui/basic";
import { Area, Field, Form } from "../../ui/form";
import { toast } from "../../ui/layer";
import { Markdown } from "../../ui/markdown";
import { ErrorState, Loaded } from "../../ui/state";
import type { PartProps } from "./model_api";

const GRACE_DAYS = "30";
const DAY_MS = 24 * 3600 * 1000;

/** As a field of days writes it, where the reader is. */
function tomorrow(): string {
  const day = new Date(Date.now() + DAY_MS);

  return new Date(day.getTime() - day.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

function Write({ model, onDone }: { model: string; onDone: () => void }) {
  const t = text.value.keptTerms;
  const [words, setWords] = useState("");
  const [days, setDays] = useState(GRACE_DAYS);
  const [from, setFrom] = useState("");
  const act = useAct(async () => {
    await ask("POST /api/v1/models/{ns}/{name}/terms", {
      path: ofModel(model),
      body: {
        text: words,
        grace_days: Number(days),
        ...(from && { from: new Date(`${from}T00:00:00`).toISOString() }),
      },
    });
    setWords("");
    setFrom("");
    toast(from ? t.isToCome : t.wasSet);
    onDone();
  });

  return (
    <Card title={t.write}>
      <Form onSend={() => void act.run()}>
        <Area label={t.text} hint={t.textHint} value={words} onValue={setWords} rows={8} required />
        {words.trim() !== "" && (
          <div class="scrolls" tabIndex={0} role="region" aria-label={t.preview}>
            <p class="soft small">{t.preview}</p>
            <Markdown source={words} />
          </div>
        )}
        <Field
          label={t.grace}
          hint={t.graceHint}
          type="number"
          min={0}
          step={1}
          value={days}
          onValue={setDays}
          required
        />
        <Field
          label={t.fromDay}
          hint={t.fromDayHint}
          type="date"
          min={tomorrow()}
          value={from}
          onValue={setFrom}
        />
        {act.error && <ErrorState error={act.error} />}
        <Button kind="primary" type="submit" isBusy={act.isBusy}>
          {t.set}
        </Button>
      </Form>
    </Card>
  );
}

export function KeptTerms({ kept }: PartProps) {
  const t = text.value.keptTerms;
  const asked = useAsk(
    (signal) => ask("GET /api/v1/models/{ns}/{name}/terms", { path: ofModel(kept.model), signal }),
    [kept.model],
  );

  if (kept.state === "shredded")
    return <EmptyState icon="stop" title={text.value.keptModel.isShredded} />;
  return (
    <>
      <Write model={kept.model} onDone={asked.again} />
      <Card title={t.versions}>
        <Loaded of={asked}>
          {({ terms = [] }) =>
            terms.length ? (
              <ul class="steps">
                {terms.map((one) => (
                  <li key={one.version}>
                    <strong>{t.version(one.version ?? 0)}</strong>{" "}
                    <Badge tone={one.is_taken ? "good" : "info"}>
                      {one.is_taken ? t.isTaken : t.isAhead}
                    </Badge>
                    <div class="soft small">
                      {t.from} <Time at={one.from} /> · {one.set_by}
                    </div>
                    <Copyable isShort value={one.sha256 ?? ""} label={t.hash} />
                  </li>
                ))}
              </ul>
            ) : (
              <EmptyState icon="license" title={t.none}>
                {t.noneHelp}
              </EmptyState>
            )
          }
        </Loaded>
      </Card>
    </>
  );
}
