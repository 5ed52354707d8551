// SPDX-License-Identifier: Apache-2.0
// Parts of a person's page: what they have shown, asked for, hold, and sign in with.
import { ask, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, Facts, Time } from "../../ui/basic";
import { toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { RequestState } from "./queue";

type Whole = Reply<"GET /api/v1/persons/{id}">;

const isPast = (at: string): boolean => new Date(at) < new Date();

export function Credentials({ person }: { person: Whole }) {
  const t = text.value.person;

  return (
    <Card title={t.visas}>
      {person.visas.length === 0 && <p class="soft">{t.noVisas}</p>}
      <ul class="steps">
        {person.visas.map((one) => (
          <li key={one.id}>
            <strong>{one.type}</strong>{" "}
            {one.counts ? (
              <Badge tone="good" icon="check">
                {t.counts}
              </Badge>
            ) : (
              <Badge tone="warn" icon="warning">
                {t.countsNot}
              </Badge>
            )}
            {one.why_not && <div class="soft small">{one.why_not}</div>}
            <Facts
              rows={[
                [text.value.review.visa.value, one.value],
                [text.value.review.visa.issuer, one.iss],
                [text.value.review.visa.expires, <Time at={one.expires} kind="date" />],
              ]}
            />
          </li>
        ))}
      </ul>
      <h3>{t.keys}</h3>
      {person.keys.length === 0 && <p class="soft">{t.noKeys}</p>}
      <ul class="steps">
        {person.keys.map((one) => (
          <li key={one.id}>
            {one.name} · {one.kind} · <Time at={one.created} kind="date" />{" "}
            {one.revoked && <Badge tone="bad">{text.value.tokens.revoked}</Badge>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What lists of names hold of this one: the gateway searches in parts of names. */
export function LicensesOf({ name }: { name: string }) {
  const t = text.value.person;
  const asked = useAsk(
    async (signal) => {
      const { licenses = [] } = await ask("GET /api/v1/licenses", {
        query: { q: name },
        signal,
      });
      return licenses.filter((one) => one.person === name);
    },
    [name],
  );

  return (
    <Card title={t.licenses}>
      <Loaded of={asked} lines={2}>
        {(licenses) => (
          <>
            {licenses.length === 0 && <p class="soft">{t.noLicenses}</p>}
            <ul class="steps">
              {licenses.map((one) => (
                <li key={one.id}>
                  <a href={`/admin/licenses/${one.id}`}>{one.model}</a>{" "}
                  <Badge tone={one.state === "active" ? "good" : "plain"}>
                    {text.value.allLicenses.states[one.state ?? ""] ?? one.state}
                  </Badge>
                  <div class="soft small">
                    {(one.rights ?? [])
                      .map((right) => text.value.rights[right] ?? right)
                      .join(", ")}
                    {" · "}
                    <Time at={one.expires} kind="date" />
                  </div>
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </Card>
  );
}

export function RequestsOf({ name }: { name: string }) {
  const t = text.value.person;
  const asked = useAsk(
    async (signal) => {
      const { requests = [] } = await ask("GET /api/v1/access-requests", {
        query: { q: name },
        signal,
      });
      return requests.filter((one) => one.person === name);
    },
    [name],
  );

  return (
    <Card title={t.requests}>
      <Loaded of={asked} lines={2}>
        {(requests) => (
          <>
            {requests.length === 0 && <p class="soft">{t.noRequests}</p>}
            <ul class="steps">
              {requests.map((one) => (
                <li key={one.id}>
                  <a href={`/admin/requests/${one.id}`}>{one.model}</a>{" "}
                  <RequestState state={one.state ?? ""} /> <Time at={one.created} kind="date" />
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </Card>
  );
}

export function TokensOf({ id }: { id: string }) {
  const t = text.value.tokens;
  const asked = useAsk(
    (signal) => ask("GET /api/v1/persons/{id}/tokens", { path: { id }, signal }),
    [id],
  );
  const revoke = useAct(async (token: string) => {
    await ask("DELETE /api/v1/tokens/{id}", { path: { id: token } });
    toast(t.wasRevoked);
    asked.again();
  });

  return (
    <Card title={t.title}>
      {revoke.error && <ErrorState error={revoke.error} />}
      <Loaded of={asked} lines={2}>
        {({ tokens }) => (
          <>
            {tokens.length === 0 && <p class="soft">{text.value.person.noTokens}</p>}
            <ul class="steps">
              {tokens.map((one) => (
                <li key={one.id}>
                  {one.name} · {t.columns.ends} <Time at={one.expires} kind="relative" />{" "}
                  {one.revoked ? (
                    <Badge tone="bad">{t.revoked}</Badge>
                  ) : isPast(one.expires) ? (
                    <Badge>{t.ended}</Badge>
                  ) : (
                    <Button
                      kind="quiet"
                      onClick={() => void revoke.run(one.id)}
                      aria-label={t.revokeTitle(one.name)}
                    >
                      {t.revoke}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </Card>
  );
}

export function Sessions({ person, onDone }: { person: Whole; onDone: () => void }) {
  const t = text.value.sessions;
  const live = person.sessions.filter((one) => !one.ended && !isPast(one.expires));
  const end = useAct(async (id: string) => {
    await ask("DELETE /api/v1/sessions/{id}", { path: { id } });
    toast(t.wasEnded);
    onDone();
  });

  return (
    <Card title={t.theirs}>
      {end.error && <ErrorState error={end.error} />}
      {live.length === 0 && <p class="soft">{t.noneLive}</p>}
      <ul class="steps">
        {live.map((one) => (
          <li key={one.id}>
            {one.method} · {one.address} · {t.used} <Time at={one.used} kind="relative" />{" "}
            <Button
              kind="quiet"
              onClick={() => void end.run(one.id)}
              aria-label={t.endTitle(one.address)}
            >
              {t.end}
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}
