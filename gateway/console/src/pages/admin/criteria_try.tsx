// SPDX-License-Identifier: Apache-2.0
// Would this person be approved? The criteria in the editor over what is verified of them now.
import { useState } from "preact/hooks";
import { ask, ofModel } from "../../api/client";
import { useAct } from "../../api/use";
import { me } from "../../session";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState } from "../../ui/basic";
import { Check, Checks, Field, Form } from "../../ui/form";
import { ErrorState } from "../../ui/state";
import type { Tried } from "./criteria_api";
import type { EditorProps } from "./criteria_write";

const RIGHTS = [
  "weights:read",
  "infer:generate",
  "infer:embed",
  "internals:read",
  "adapters:write",
];

function Outcome({ tried }: { tried: Tried }) {
  const t = text.value.editor;
  const tone = tried.outcome === "approve" ? "good" : tried.outcome === "deny" ? "bad" : "info";

  return (
    <Card title={tried.person_name}>
      <p role="status">
        <Badge tone={tone}>{t.outcomes[tried.outcome]}</Badge>
      </p>
      {tried.default && <p>{t.byDefault}</p>}
      {tried.rules.length > 0 && (
        <ul class="steps">
          {tried.rules.map((rule) => (
            <li key={rule.id}>
              <code>{rule.id}</code> {rule.text}
              {rule.holds === "unknown" && <span class="soft"> ({t.maybe})</span>}
            </li>
          ))}
        </ul>
      )}
      {tried.not_asked.length > 0 && <p>{t.notAsked(tried.not_asked.join(", "))}</p>}
      {tried.missing.length > 0 && (
        <>
          <h3>{t.missing}</h3>
          <ul>
            {tried.missing.map((need, i) => (
              <li key={i}>{need.need}</li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

export function TryOn({ model, draft }: EditorProps) {
  const t = text.value.editor;
  const [person, setPerson] = useState(me.value?.person?.name ?? "");
  const [rights, setRights] = useState(["infer:generate"]);
  const [uses, setUses] = useState("");
  const [accessors, setAccessors] = useState("1");
  const [terms, setTerms] = useState(true);
  const [card, setCard] = useState(false);
  const [tried, setTried] = useState<Tried>();
  const run = useAct(async () => {
    setTried(undefined);
    setTried(
      await ask("POST /api/v1/models/{ns}/{name}/criteria/test", {
        path: ofModel(model),
        body: {
          criteria: draft,
          person: person.trim(),
          rights,
          uses: uses.split(/[\s,]+/).filter(Boolean),
          accessors: Number(accessors) || 1,
          terms_signed: terms,
          library_card: card,
        },
      }),
    );
  });

  if (!draft)
    return (
      <EmptyState icon="policy" title={t.begin}>
        {t.beginHelp}
      </EmptyState>
    );
  return (
    <div class="beside even">
      <Form onSend={() => void run.run()}>
        <p>{t.tryHelp}</p>
        <Field
          label={t.person}
          hint={t.personHint}
          value={person}
          onValue={setPerson}
          required
          autocomplete="off"
        />
        <Checks
          label={t.rights}
          options={RIGHTS.map((one) => [one, text.value.rights[one] ?? one])}
          value={rights}
          onValue={setRights}
        />
        <Field label={t.uses} hint={t.usesHint} value={uses} onValue={setUses} />
        <Field
          type="number"
          min="1"
          max="1000"
          label={t.accessors}
          value={accessors}
          onValue={setAccessors}
        />
        <Check label={t.termsSigned} value={terms} onValue={setTerms} />
        <Check label={t.libraryCard} value={card} onValue={setCard} />
        <Button kind="primary" type="submit" isBusy={run.isBusy}>
          {t.ask}
        </Button>
      </Form>
      <div>
        {run.error && <ErrorState error={run.error} />}
        {tried && <Outcome tried={tried} />}
      </div>
    </div>
  );
}
