// SPDX-License-Identifier: Apache-2.0
// Many requests at once: what each would come to is asked of the gateway first; then each is
// decided by itself, and each says what became of it.
import { useState } from "preact/hooks";
import { ask, type Body, type Reply } from "../../api/client";
import type { Request } from "../../api/schema";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Note, Time, type Tone } from "../../ui/basic";
import { Area, Field, Form, Select } from "../../ui/form";
import { Dialog } from "../../ui/layer";
import { ErrorState } from "../../ui/state";
import { ChangesField, pointsOf, ReasonFields, type Refusing } from "./reason";

type Decision = Body<"POST /api/v1/access-requests/decide">;
type Vote = NonNullable<Decision["vote"]>;
type Result = Reply<"POST /api/v1/access-requests/decide">["results"][number];

const AT_ONCE = 100; // the gateway takes no more
const DAYS = 365;

async function decide(
  ids: string[],
  decision: Decision,
  tell: (done: number) => void,
): Promise<Result[]> {
  const results: Result[] = [];

  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const body = { ...decision, ids: ids.slice(from, from + AT_ONCE) };
    // The same key sent again is answered again, and done once.
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const part = await ask("POST /api/v1/access-requests/decide", { body, headers });

    results.push(...part.results);
    tell(results.length);
  }
  return results;
}

const RESULT_TONES: Record<string, Tone> = { approved: "good", denied: "bad", returned: "info" };

function Outcome({ result, isPreview }: { result: Result; isPreview: boolean }) {
  const t = text.value.bulk;
  const { state = "", votes, grant, detail } = result;
  const says = isPreview ? t.would : t.was;

  if (result.code)
    return (
      <>
        <Badge tone="bad" icon="stop">
          {isPreview ? t.cannot : t.failed}
        </Badge>{" "}
        {detail}
      </>
    );
  return (
    <>
      <Badge tone={RESULT_TONES[state] ?? "plain"} icon={isPreview ? "info" : "check"}>
        {says[state] ?? says.counted}
      </Badge>{" "}
      {votes && !says[state] && t.votes(votes.approve ?? 0, votes.deny ?? 0, votes.needed ?? 1)}
      {grant && (
        <>
          {t.grants(
            (grant.rights ?? []).map((one) => text.value.rights[one] ?? one).join(", "),
            grant.licenses ?? 1,
          )}{" "}
          <Time at={grant.expires} kind="date" />
        </>
      )}
    </>
  );
}

function Results({
  requests,
  results,
  isPreview,
}: {
  requests: Request[];
  results: Result[];
  isPreview: boolean;
}) {
  const t = text.value.bulk;
  const byId = new Map(requests.map((one) => [one.id, one]));
  const failed = results.filter((one) => one.code).length;
  const good = results.length - failed;

  return (
    <section aria-label={isPreview ? t.preview : t.results}>
      <h3>{isPreview ? t.preview : t.results}</h3>
      <p role="status">{isPreview ? t.canDo(good, failed) : t.didDo(good, failed)}</p>
      <ul class="steps">
        {results.map((one) => (
          <li key={one.id}>
            <a href={`/admin/requests/${one.id}`}>
              {t.of(byId.get(one.id)?.person ?? one.id, byId.get(one.id)?.model ?? "")}
            </a>
            <div>
              <Outcome result={one} isPreview={isPreview} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Said {
  vote: Vote;
  days: string;
  reason: string;
  changes: string;
}

function decisionOf({ vote, days, reason, changes }: Said): Decision {
  const decision: Decision = { vote };

  if (reason.trim()) decision.reason = reason.trim();
  if (vote === "approve") decision.expires_days = Number(days);
  if (vote === "return") decision.changes = pointsOf(changes);
  return decision;
}

function VoteFields({ said, onSaid }: { said: Said; onSaid: (said: Said) => void }) {
  const t = text.value.review;
  const put = (some: Partial<Said>) => onSaid({ ...said, ...some });
  const { vote, days, reason, changes } = said;

  return (
    <>
      <Select
        label={text.value.bulk.vote}
        value={vote}
        onValue={(one) => put({ vote: one as Vote, reason: "" })}
        options={[
          ["approve", t.approve],
          ["deny", t.deny],
          ["return", t.giveBack],
        ]}
      />
      {vote === "approve" ? (
        <>
          <Field
            type="number"
            min={1}
            required
            label={t.days}
            hint={t.daysHint}
            value={days}
            onValue={(value) => put({ days: value })}
          />
          <Area
            label={t.remark}
            value={reason}
            onValue={(value) => put({ reason: value })}
            rows={2}
          />
        </>
      ) : (
        <ReasonFields
          key={vote}
          vote={vote as Refusing}
          reason={reason}
          setReason={(value) => put({ reason: value })}
        />
      )}
      {vote === "return" && (
        <ChangesField changes={changes} setChanges={(value) => put({ changes: value })} />
      )}
    </>
  );
}

/** `onDone` is told which were done, when the dialog closes. */
export function Bulk({
  requests,
  onClose,
}: {
  requests: Request[];
  onClose: (done: string[]) => void;
}) {
  const t = text.value.bulk;
  const [said, setSaid] = useState<Said>({
    vote: "approve",
    days: String(DAYS),
    reason: "",
    changes: "",
  });
  const [preview, setPreview] = useState<Result[]>();
  const [results, setResults] = useState<Result[]>();
  const [done, setDone] = useState(0);
  const approvers = useAsk((signal) => ask("GET /api/v1/approvers", { signal }));
  const mustSign = approvers.data?.mode === "signed" && said.vote === "approve";
  const good = (preview ?? []).filter((one) => !one.code).map((one) => one.id);
  const look = useAct(async () => {
    const ids = requests.map((one) => one.id ?? "");

    setPreview(await decide(ids, { ...decisionOf(said), preview: true }, () => undefined));
  });
  const act = useAct(async () => {
    setResults(await decide(good, decisionOf(said), setDone));
  });
  const close = () => onClose((results ?? []).filter((one) => !one.code).map((one) => one.id));

  return (
    <Dialog title={t.title(requests.length)} onClose={close} isWide>
      {results ? (
        <>
          <Results requests={requests} results={results} isPreview={false} />
          <Button kind="primary" onClick={close}>
            {text.value.ui.close}
          </Button>
        </>
      ) : (
        <Form onSend={() => void look.run()}>
          <p class="soft">{t.help}</p>
          <VoteFields
            said={said}
            onSaid={(one) => {
              setSaid(one);
              setPreview(undefined);
            }}
          />
          {mustSign && <Note tone="warn">{text.value.review.signFirst}</Note>}
          {look.error && <ErrorState error={look.error} />}
          {act.error && <ErrorState error={act.error} />}
          {!mustSign && (
            <Button kind={preview ? "plain" : "primary"} type="submit" isBusy={look.isBusy}>
              {t.show}
            </Button>
          )}
          {preview && <Results requests={requests} results={preview} isPreview />}
          {act.isBusy && good.length > AT_ONCE && (
            <progress max={good.length} value={done} aria-label={t.results} />
          )}
          {good.length > 0 && (
            <Button
              kind={said.vote === "deny" ? "danger" : "primary"}
              isBusy={act.isBusy}
              onClick={() => void act.run()}
            >
              {t.does[said.vote](good.length)}
            </Button>
          )}
        </Form>
      )}
    </Dialog>
  );
}
