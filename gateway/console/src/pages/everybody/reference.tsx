// SPDX-License-Identifier: Apache-2.0
// What a referee sees who follows their link: who asks, and the two answers. It works once.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import type { PageProps } from "../../pages";
import { text } from "../../text/text";
import { Button, Card, EmptyState, Time } from "../../ui/basic";
import { Area, Form } from "../../ui/form";
import { ErrorState, Loaded } from "../../ui/state";

export default function Reference({ params }: PageProps) {
  const t = text.value.reference;
  const secret = params.secret ?? "";
  const path = { secret };
  const [note, setNote] = useState("");
  const [isDone, setDone] = useState(false);
  const asked = useAsk(
    (signal) => ask("GET /api/v1/references/{secret}", { path, signal }),
    [secret],
  );
  const say = useAct(async (answer: "confirm" | "decline") => {
    await ask("POST /api/v1/references/{secret}", { path, body: { answer, note: note.trim() } });
    setDone(true);
  });

  if (isDone)
    return (
      <EmptyState isPage icon="check" title={t.thanks}>
        {t.thanksHelp}
      </EmptyState>
    );
  return (
    <div class="narrow">
      <h1>{t.title}</h1>
      <Loaded of={asked}>
        {({ person = "", referee = "", expires }) => (
          <Card title={t.asks(person)}>
            <p>
              {t.hello(referee)} {t.until} <Time at={expires} />.
            </p>
            <p class="soft">{t.help}</p>
            <Form onSend={() => void say.run("confirm")}>
              <Area label={t.note} value={note} onValue={setNote} rows={4} maxLength={2000} />
              {say.error && <ErrorState error={say.error} />}
              <div class="actions">
                <Button kind="primary" type="submit" isBusy={say.isBusy}>
                  {t.confirm}
                </Button>
                <Button onClick={() => void say.run("decline")}>{t.decline}</Button>
              </div>
            </Form>
          </Card>
        )}
      </Loaded>
    </div>
  );
}
