// SPDX-License-Identifier: Apache-2.0
// My visas: which count now, and why others do not; presenting one, or a passport full of them.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { me } from "../../session";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState, Facts, Note, Time } from "../../ui/basic";
import { Area, Form } from "../../ui/form";
import { toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { Referees } from "./referees";

type Visa = NonNullable<Reply<"GET /api/v1/visas">["visas"]>[number];
type Passport = Reply<"POST /api/v1/passports">;

const MAX_FILE = 1 << 20;

/** What a JWT claims, unchecked: only to know what it is. */
function claimsOf(token: string): Record<string, unknown> {
  try {
    const middle = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(middle)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The answer of a passport tells of each of its visas. */
async function present(token: string): Promise<Passport | null> {
  const claims = claimsOf(token);

  if ("ga4gh_passport_v1" in claims)
    return ask("POST /api/v1/passports", { body: { passport: token } });
  if (!("ga4gh_visa_v1" in claims)) throw new Error(text.value.credentials.noToken);
  await ask("POST /api/v1/visas", { body: { visa: token } });
  return null;
}

function NotTaken({ passport }: { passport: Passport }) {
  const t = text.value.credentials;
  const visas = passport.visas ?? [];
  const refused = visas.filter((one) => !one.taken);

  return (
    <Note
      tone={refused.length ? "warn" : "good"}
      title={t.passportTaken(passport.taken ?? 0, visas.length)}
    >
      {refused.length > 0 && (
        <ul>
          {refused.map((one, i) => (
            <li key={i}>
              {t.notTaken}: {[one.type, one.iss].filter(Boolean).join(" · ")} {one.why_not}
            </li>
          ))}
        </ul>
      )}
    </Note>
  );
}

function Present({ onDone }: { onDone: () => void }) {
  const t = text.value.credentials;
  const [token, setToken] = useState("");
  const [passport, setPassport] = useState<Passport | null>(null);
  const read = useAct(async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MAX_FILE) throw new Error(t.tooLarge);
    setToken((await file.text()).trim());
  });
  const act = useAct(async () => {
    const answer = await present(token.trim());

    setPassport(answer);
    setToken("");
    if (!answer) toast(t.wasTaken);
    onDone();
  });
  const error = act.error ?? read.error;

  return (
    <Card title={t.present}>
      <p>{t.presentHelp}</p>
      <Form onSend={() => void act.run()}>
        <div class="field">
          <label for="visa-file">{t.file}</label>
          <input
            id="visa-file"
            type="file"
            onChange={(event) => void read.run(event.currentTarget.files?.[0])}
          />
        </div>
        <Area
          label={t.token}
          hint={t.tokenHint}
          value={token}
          onValue={setToken}
          rows={4}
          spellcheck={false}
          required
        />
        {error && <ErrorState error={error} />}
        {passport && <NotTaken passport={passport} />}
        <Button kind="primary" type="submit" isBusy={act.isBusy}>
          {t.send}
        </Button>
      </Form>
    </Card>
  );
}

function Row({ visa }: { visa: Visa }) {
  const t = text.value.credentials;

  return (
    <li>
      <strong>{visa.type}</strong>{" "}
      {visa.counts ? (
        <Badge tone="good" icon="check">
          {t.counts}
        </Badge>
      ) : (
        <Badge tone="bad" icon="warning">
          {t.countsNot}
        </Badge>
      )}
      {!visa.counts && visa.why_not && <p>{visa.why_not}</p>}
      <Facts
        rows={[
          [t.columns.value, visa.value],
          [t.columns.iss, visa.iss],
          (visa.by ?? "") !== "" && [
            text.value.review.visa.by,
            [visa.by, visa.source].filter(Boolean).join(" · "),
          ],
          [t.columns.expires, visa.expires ? <Time at={visa.expires} /> : t.never],
        ]}
      />
    </li>
  );
}

export default function Credentials() {
  const t = text.value.credentials;
  const asked = useAsk((signal) => ask("GET /api/v1/visas", { signal }));

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Present onDone={asked.again} />
      <Card title={t.mine}>
        <Loaded of={asked}>
          {({ visas = [] }) =>
            visas.length ? (
              <ul class="steps">
                {visas.map((visa) => (
                  <Row key={visa.id} visa={visa} />
                ))}
              </ul>
            ) : (
              <EmptyState icon="shield" title={t.none}>
                {t.noneHelp}
              </EmptyState>
            )
          }
        </Loaded>
      </Card>
      {me.value && <Referees person={me.value.person.id} />}
    </>
  );
}
