// SPDX-License-Identifier: Apache-2.0
// Whose visas count: the issuers, where their keys are from and when they were last fetched; and
// what rests on one, before it is withdrawn.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState, Facts, Note, Time } from "../../ui/basic";
import { Area, Field, Form, Select } from "../../ui/form";
import { Dialog, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";

type Issuer = Reply<"GET /api/v1/issuers">["issuers"][number];
type Doing = { act: "write" | "withdraw" | "revoke"; issuer?: Issuer };

interface DoneProps {
  onDone: () => void;
  onClose: () => void;
}

/** Keys as people paste them: JSON, or nothing yet. */
function jwksOf(value: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(value) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** A new one, or other keys of one that is listed. */
function Write({ issuer, onDone, onClose }: DoneProps & { issuer: Issuer | undefined }) {
  const t = text.value.issuers;
  const [iss, setIss] = useState(issuer?.iss ?? "");
  const [way, setWay] = useState<string>(issuer?.keys ?? "fetched");
  const [jku, setJku] = useState(issuer?.jku ?? "");
  const [jwks, setJwks] = useState("");
  const [isWrong, setWrong] = useState(false);
  const write = useAct(async () => {
    const keys = way === "pinned" ? { jwks: jwksOf(jwks) ?? {} } : {};
    const broker = issuer?.token_endpoint ? { token_endpoint: issuer.token_endpoint } : {};
    const body = { iss: iss.trim(), ...(jku ? { jku: jku.trim() } : {}), ...keys, ...broker };
    const made = issuer
      ? await ask("PUT /api/v1/issuers", { body })
      : await ask("POST /api/v1/issuers", { body });

    if (made.error) toast(t.notFetched(made.error), "warn");
    else toast(issuer ? t.wasChanged : t.wasAdded);
    onDone();
  });
  const send = () => {
    const isBad = way === "pinned" && !jwksOf(jwks);

    setWrong(isBad);
    if (!isBad) void write.run();
  };

  return (
    <Dialog title={issuer ? t.changeTitle(issuer.iss) : t.addTitle} onClose={onClose}>
      <Form onSend={send}>
        {write.error && <ErrorState error={write.error} />}
        <p>{issuer ? t.changeHelp : t.addHelp}</p>
        {!issuer && (
          <Field
            label={t.iss}
            hint={t.issHint}
            value={iss}
            onValue={setIss}
            required
            spellcheck={false}
          />
        )}
        <Select
          label={t.keys}
          value={way}
          onValue={setWay}
          options={[
            ["fetched", t.fetched],
            ["pinned", t.pinned],
          ]}
        />
        <Field
          label={t.jku}
          hint={t.jkuHint}
          value={jku}
          onValue={setJku}
          required={way === "fetched"}
          spellcheck={false}
        />
        {way === "pinned" && (
          <Area
            label={t.jwks}
            hint={t.jwksHint}
            error={isWrong && t.jwksWrong}
            class="code"
            value={jwks}
            onValue={setJwks}
            required
            spellcheck={false}
          />
        )}
        <Button kind="primary" type="submit" isBusy={write.isBusy}>
          {issuer ? t.change : t.add}
        </Button>
      </Form>
    </Dialog>
  );
}

function Impact({ iss }: { iss: string }) {
  const t = text.value.issuers;
  const asked = useAsk(
    (signal) => ask("GET /api/v1/issuers/impact", { query: { iss }, signal }),
    [iss],
  );

  return (
    <Loaded of={asked}>
      {(impact) => (
        <Note tone="warn" title={t.impact}>
          <ul>
            <li>{t.visas(impact.visas, impact.persons)}</li>
            <li>{t.licenses(impact.licenses)}</li>
            <li>{t.requests(impact.requests)}</li>
            {impact.models.map((model) => (
              <li key={model}>
                <a href={`/admin/criteria?model=${encodeURIComponent(model)}`}>
                  {t.criteriaOf(model)}
                </a>
              </li>
            ))}
          </ul>
        </Note>
      )}
    </Loaded>
  );
}

function Withdraw({ issuer, onDone, onClose }: DoneProps & { issuer: Issuer }) {
  const t = text.value.issuers;
  const [name, setName] = useState("");
  const [isWrong, setWrong] = useState(false);
  const act = useAct(async () => {
    await ask("DELETE /api/v1/issuers", { query: { iss: issuer.iss } });
    toast(t.wasWithdrawn);
    onDone();
  });
  const withdraw = () => {
    const isRight = name.trim() === issuer.iss;

    setWrong(!isRight);
    if (isRight) void act.run();
  };

  return (
    <Dialog title={t.withdrawTitle(issuer.iss)} onClose={onClose}>
      <Form onSend={withdraw}>
        {act.error && <ErrorState error={act.error} />}
        <Impact iss={issuer.iss} />
        <Field
          label={t.issAgain}
          hint={issuer.iss}
          error={isWrong && t.issWrong}
          value={name}
          onValue={setName}
          required
          autocomplete="off"
          spellcheck={false}
        />
        <Button kind="danger" type="submit" isBusy={act.isBusy}>
          {t.withdraw}
        </Button>
      </Form>
    </Dialog>
  );
}

function Revoke({ issuer, onDone, onClose }: DoneProps & { issuer: Issuer }) {
  const t = text.value.issuers;
  const left = issuer.kids.filter((kid) => !issuer.revoked_kids.includes(kid));
  const [kid, setKid] = useState(left[0] ?? "");
  const [reason, setReason] = useState("");
  const act = useAct(async () => {
    await ask("POST /api/v1/issuers/revoke-key", { body: { iss: issuer.iss, kid, reason } });
    toast(t.wasRevoked);
    onDone();
  });

  return (
    <Dialog title={t.revokeTitle(issuer.iss)} onClose={onClose}>
      <Form onSend={() => void act.run()}>
        {act.error && <ErrorState error={act.error} />}
        <p>{t.revokeHelp}</p>
        <Select
          label={t.key}
          value={kid}
          onValue={setKid}
          options={left.map((one) => [one, one])}
        />
        <Area label={t.reason} value={reason} onValue={setReason} rows={2} required />
        <Button kind="danger" type="submit" isBusy={act.isBusy}>
          {t.revoke}
        </Button>
      </Form>
    </Dialog>
  );
}

function One({
  issuer,
  onDoing,
  again,
}: {
  issuer: Issuer;
  onDoing: (doing: Doing) => void;
  again: () => void;
}) {
  const t = text.value.issuers;
  const refresh = useAct(async () => {
    await ask("POST /api/v1/issuers/refresh", { body: { iss: issuer.iss } });
    toast(t.wasRefreshed);
    again();
  });
  const isFetched = issuer.keys === "fetched";

  return (
    <Card title={issuer.iss}>
      <Facts
        rows={[
          [
            t.keys,
            <Badge tone={issuer.error ? "bad" : "good"}>{isFetched ? t.fetched : t.pinned}</Badge>,
          ],
          Boolean(issuer.jku) && [t.jku, <code class="breaks">{issuer.jku}</code>],
          [t.known, issuer.kids.length ? issuer.kids.join(", ") : t.noKeys],
          issuer.revoked_kids.length > 0 && [t.revoked, issuer.revoked_kids.join(", ")],
          isFetched && [t.last, <Time at={issuer.fetched_at} kind="relative" />],
          isFetched && [t.next, <Time at={issuer.next} kind="relative" />],
          Boolean(issuer.error) && [t.error, issuer.error],
          Boolean(issuer.token_endpoint) && [t.broker, issuer.token_endpoint],
          [t.added, <Time at={issuer.added} kind="date" />],
        ]}
      />
      {refresh.error && <ErrorState error={refresh.error} />}
      <div class="actions">
        {isFetched && (
          <Button icon="refresh" isBusy={refresh.isBusy} onClick={() => void refresh.run()}>
            {t.refresh}
          </Button>
        )}
        <Button onClick={() => onDoing({ act: "write", issuer })}>{t.change}</Button>
        {issuer.kids.some((kid) => !issuer.revoked_kids.includes(kid)) && (
          <Button onClick={() => onDoing({ act: "revoke", issuer })}>{t.revoke}</Button>
        )}
        <Button kind="danger" onClick={() => onDoing({ act: "withdraw", issuer })}>
          {t.withdraw}
        </Button>
      </div>
    </Card>
  );
}

export default function Issuers() {
  const t = text.value.issuers;
  const asked = useAsk((signal) => ask("GET /api/v1/issuers", { signal }));
  const [doing, setDoing] = useState<Doing>();
  const given = {
    onClose: () => setDoing(undefined),
    onDone: () => {
      setDoing(undefined);
      asked.again();
    },
  };

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <Button kind="primary" icon="plus" onClick={() => setDoing({ act: "write" })}>
          {t.add}
        </Button>
      </div>
      <p class="lead">{t.intro}</p>
      <Loaded of={asked} lines={6}>
        {({ issuers }) =>
          issuers.length ? (
            <>
              {issuers.map((issuer) => (
                <One key={issuer.iss} issuer={issuer} onDoing={setDoing} again={asked.again} />
              ))}
            </>
          ) : (
            <EmptyState icon="shield" title={t.none}>
              {t.noneHelp}
            </EmptyState>
          )
        }
      </Loaded>
      {doing?.act === "write" && <Write issuer={doing.issuer} {...given} />}
      {doing?.act === "withdraw" && doing.issuer && <Withdraw issuer={doing.issuer} {...given} />}
      {doing?.act === "revoke" && doing.issuer && <Revoke issuer={doing.issuer} {...given} />}
    </>
  );
}
