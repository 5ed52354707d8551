// SPDX-License-Identifier: Apache-2.0
// What speaks for a request: each visa with what was verified of it, what else was known, and what
// the published criteria made of it.
import { ask } from "../../api/client";
import { useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Card, Facts, Time, type Tone } from "../../ui/basic";
import type { Claim, RequestView, Weighed } from "./view";

const OUTCOME_TONES: Record<string, Tone> = { approve: "good", deny: "bad", refer: "info" };
const at = (seconds: number) => new Date(seconds * 1000);

/** `listed`: issuers whose visas count now; undefined: not known. */
function Visa({ claim, listed }: { claim: Claim; listed: Set<string> | undefined }) {
  const t = text.value.review.visa;
  const isForeign = claim.iss !== "" && claim.iss !== "system";
  const hasEnded = claim.expires > 0 && at(claim.expires) < new Date();

  return (
    <li>
      <strong>{claim.type}</strong>{" "}
      {isForeign ? (
        <Badge tone="good" icon="check">
          {t.verified}
        </Badge>
      ) : (
        <Badge>{t.local}</Badge>
      )}{" "}
      {hasEnded && (
        <Badge tone="bad" icon="clock">
          {t.expired}
        </Badge>
      )}{" "}
      {isForeign && listed && !listed.has(claim.iss) && (
        <Badge tone="bad" icon="warning">
          {t.unlisted}
        </Badge>
      )}
      <Facts
        rows={[
          [t.value, claim.value],
          claim.by !== "" && [t.by, [claim.by, claim.source].filter(Boolean).join(" · ")],
          claim.iss !== "" && [t.issuer, claim.iss],
          claim.asserted > 0 && [t.asserted, <Time at={at(claim.asserted)} kind="date" />],
          [t.expires, claim.expires > 0 ? <Time at={at(claim.expires)} kind="date" /> : t.never],
        ]}
      />
      {isForeign && <p class="soft small">{t.verifiedHelp}</p>}
    </li>
  );
}

const yes = (is: boolean) => (is ? text.value.ui.yes : text.value.ui.no);

function Known({ facts }: { facts: NonNullable<Weighed["facts"]> }) {
  const t = text.value.review.known;

  return (
    <Facts
      rows={[
        facts.country.code !== "" && [t.country, `${facts.country.code} (${facts.country.source})`],
        facts.institutions.length > 0 && [
          t.institutions,
          facts.institutions
            .map((one) => [one.name, one.kind, one.country].filter(Boolean).join(", "))
            .join("; "),
        ],
        [t.signed, yes(facts.terms_signed)],
        [t.card, yes(facts.library_card)],
        [
          t.blocked,
          facts.blocked ? <Badge tone="bad">{text.value.ui.yes}</Badge> : text.value.ui.no,
        ],
        facts.answers.length > 0 && [
          t.outside,
          facts.answers.map((one) => `${one.rule}: ${one.answer ?? one.why}`).join("; "),
        ],
      ]}
    />
  );
}

export function Evidence({ request }: { request: RequestView }) {
  const t = text.value.review;
  const facts = request.criteria?.facts;
  const issuers = useAsk((signal) => ask("GET /api/v1/issuers", { signal }));
  const listed = issuers.data && new Set((issuers.data.issuers ?? []).map((one) => one.iss ?? ""));

  return (
    <Card title={t.evidence}>
      <p class="soft">{t.evidenceHelp}</p>
      {facts && <Known facts={facts} />}
      {facts?.claims.length ? (
        <ul class="steps">
          {facts.claims.map((claim) => (
            <Visa key={claim.id} claim={claim} listed={listed} />
          ))}
        </ul>
      ) : (
        <p>{t.noVisas}</p>
      )}
    </Card>
  );
}

export function CriteriaResult({ weighed }: { weighed: Weighed | undefined }) {
  const t = text.value.review;
  const outcome = (name: string) => (
    <Badge tone={OUTCOME_TONES[name] ?? "plain"}>{t.outcomes[name] ?? name}</Badge>
  );

  if (!weighed?.criteria)
    return (
      <Card title={t.criteria}>
        <p class="soft">{t.noCriteria}</p>
      </Card>
    );
  return (
    <Card title={t.criteria}>
      <p>
        {t.suggests}: {outcome(weighed.outcome)}{" "}
        <span class="soft">{weighed.decides ? t.decides : t.advises}</span>
      </p>
      {weighed.default && <p class="soft">{t.byDefault}</p>}
      <ul class="steps">
        {(weighed.rules ?? []).map((rule) => (
          <li key={rule.id}>
            {outcome(rule.counts_as)} {rule.text}
            <div class="soft small">
              {rule.id}
              {rule.holds === "unknown" && ` · ${t.unknown}`}
            </div>
          </li>
        ))}
      </ul>
      {(weighed.missing ?? []).length > 0 && (
        <>
          <h3>{t.missing}</h3>
          <ul>
            {(weighed.missing ?? []).map((one, i) => (
              <li key={i}>{one.need}</li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}
