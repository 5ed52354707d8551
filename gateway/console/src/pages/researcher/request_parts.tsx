// SPDX-License-Identifier: Apache-2.0
// What others than its author do about a request: whoever is named in it accepts the terms for
// themselves; an official of the institution signs that its author belongs there.
import { useState } from "preact/hooks";
import { ask, ofModel } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { me } from "../../session";
import { text } from "../../text/text";
import { Button, Card, Note } from "../../ui/basic";
import { Area, Check, Form } from "../../ui/form";
import { toast } from "../../ui/layer";
import { Markdown } from "../../ui/markdown";
import { ErrorState, Loaded } from "../../ui/state";
import type { WholeRequest } from "./requests_api";
import { signStatement } from "./signing";

const WAITING = new Set(["submitted", "appealed"]);

interface PartProps {
  request: WholeRequest;
  again: () => void;
}

async function termsOf(model: string, signal: AbortSignal) {
  const info = await ask("GET /api/models/{ns}/{name}", { path: ofModel(model), signal });
  const sha256 = info.sallyport.terms_sha256;

  if (!sha256) return { sha256: null, terms: "" };
  const terms = await ask("GET /api/v1/terms/{sha256}", { path: { sha256 }, signal });
  return { sha256, terms: terms as string };
}

async function accept({ id, model, intended_use, rights }: WholeRequest, sha256: string | null) {
  const statement = { intended_use, model, rights: [...rights].sort(), terms_sha256: sha256 };
  const body = sha256
    ? {
        terms_sha256: sha256,
        terms_signature: { ...(await signStatement("sallyport/terms/v1", statement)) },
      }
    : {};

  await ask("POST /api/v1/access-requests/{id}/accept", { path: { id }, body });
}

export function Accept({ request, again }: PartProps) {
  const t = text.value.parts;
  const [isSure, setSure] = useState(false);
  const asked = useAsk((signal) => termsOf(request.model, signal), [request.model]);
  const act = useAct(async () => {
    await accept(request, asked.data?.sha256 ?? null);
    toast(t.wasAccepted);
    again();
  });
  const mine = request.accessors.find((one) => one.person === me.value?.person.name);

  if (mine?.accepted) return <Note tone="good" title={t.accepted} />;
  return (
    <Card title={t.accept}>
      <p>{t.acceptHelp}</p>
      <Loaded of={asked}>
        {({ terms }) => (
          <Form onSend={() => void act.run()}>
            {terms && (
              <div class="scrolls" tabIndex={0} role="region" aria-label={text.value.model.terms}>
                <Markdown source={terms} />
              </div>
            )}
            <Check label={text.value.ask.accept} value={isSure} onValue={setSure} required />
            {act.error && <ErrorState error={act.error} />}
            <Button kind="primary" type="submit" isBusy={act.isBusy}>
              {t.acceptDo}
            </Button>
          </Form>
        )}
      </Loaded>
    </Card>
  );
}

export function Countersign({ request, again }: PartProps) {
  const t = text.value.parts;
  const [reason, setReason] = useState("");
  const act = useAct(async () => {
    await ask("POST /api/v1/access-requests/{id}/countersign", {
      path: { id: request.id },
      body: { reason: reason.trim() },
    });
    toast(t.wasCountersigned);
    again();
  });

  if (request.countersigned_by)
    return <Note tone="good" title={t.isCountersigned(request.countersigned_by)} />;
  if (!WAITING.has(request.state)) return null;
  return (
    <Card title={t.countersign}>
      <p>{t.countersignHelp}</p>
      <p>
        <a href="/settings/institution">{t.cards}</a>
      </p>
      <Form onSend={() => void act.run()}>
        <Area label={t.remark} value={reason} onValue={setReason} rows={2} />
        {act.error && <ErrorState error={act.error} />}
        <Button kind="primary" type="submit" isBusy={act.isBusy}>
          {t.countersignDo}
        </Button>
      </Form>
    </Card>
  );
}
