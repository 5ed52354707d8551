// SPDX-License-Identifier: Apache-2.0
// Published criteria in plain words: the text of each rule, what it comes to, and its conditions.
import { ask, ofModel, Refusal, type Reply } from "../../api/client";
import { useAsk } from "../../api/use";
import { me } from "../../session";
import { text } from "../../text/text";
import { Badge, EmptyState, Time, type Tone } from "../../ui/basic";
import { Loaded } from "../../ui/state";
import { Would } from "./would";

type Published = Reply<"GET /api/v1/models/{ns}/{name}/criteria">;
type Condition = Record<string, unknown>;
type Effect = "approve" | "deny" | "refer" | "external";

interface Rule {
  id: string;
  effect: Effect;
  text: string;
  when?: Condition;
}

export interface Document {
  name?: string;
  decides?: boolean;
  default?: "refer" | "deny";
  rules?: Rule[];
}

const TONES: Record<Effect, Tone> = {
  approve: "good",
  deny: "bad",
  refer: "info",
  external: "info",
};

/** "type: ResearcherStatus, by: so or peer": what a fact asks for. */
function details(value: unknown): string {
  if (Array.isArray(value)) return value.map(details).join(", ");
  if (value === null || typeof value !== "object") return value === true ? "" : String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name.replaceAll("_", " ")}: ${details(inner)}`)
    .join("; ");
}

export function ConditionWords({ condition }: { condition: Condition }) {
  const t = text.value.model;
  const [name = "", value] = Object.entries(condition)[0] ?? [];

  if (name === "all" || name === "any" || name === "not") {
    const parts = (Array.isArray(value) ? value : [value]) as Condition[];
    return (
      <>
        {t.holds[name]}:
        <ul>
          {parts.map((part, i) => (
            <li key={i}>
              <ConditionWords condition={part} />
            </li>
          ))}
        </ul>
      </>
    );
  }
  const said = details(value);
  return (
    <>
      {t.facts[name] ?? name}
      {said && <span class="soft"> ({said})</span>}
    </>
  );
}

/** The rules of a document, each with what it comes to. */
export function RulesOf({ criteria }: { criteria: Document }) {
  const t = text.value.model;

  return (
    <ul class="steps">
      {(criteria.rules ?? []).map((rule) => (
        <li key={rule.id}>
          <Badge tone={TONES[rule.effect]}>{t.effects[rule.effect]}</Badge> {rule.text}
          {rule.when && (
            <div class="small">
              <ConditionWords condition={rule.when} />
            </div>
          )}
        </li>
      ))}
      <li>
        {t.otherwise} <Badge>{t.effects[criteria.default ?? "refer"]}</Badge>
      </li>
    </ul>
  );
}

function Rules({ published }: { published: Published }) {
  const t = text.value.model;
  const criteria = published.criteria as Document;
  const next = published.next;

  return (
    <>
      <h2>{criteria.name}</h2>
      <p class="soft">
        {criteria.decides ? t.decides : t.advises}. {t.since}{" "}
        <Time at={published.active_since} kind="date" />.
      </p>
      <RulesOf criteria={criteria} />
      {next && (
        <>
          <h2>{(next.criteria as Document).name}</h2>
          <p class="soft">
            {t.holdsFrom} <Time at={next.from} />.
          </p>
          <RulesOf criteria={next.criteria as Document} />
        </>
      )}
    </>
  );
}

export function Criteria({ model }: { model: string }) {
  const t = text.value.model;
  const asked = useAsk(
    (signal) =>
      ask("GET /api/v1/models/{ns}/{name}/criteria", { path: ofModel(model), signal }).catch(
        (error: unknown) => {
          if (error instanceof Refusal && error.status === 404) return null;
          throw error;
        },
      ),
    [model],
  );

  return (
    <>
      <Loaded of={asked}>
        {(published) =>
          published ? (
            <Rules published={published} />
          ) : (
            <EmptyState icon="policy" title={t.noCriteria}>
              {t.noCriteriaHelp}
            </EmptyState>
          )
        }
      </Loaded>
      {asked.data && me.value && <Would model={model} />}
    </>
  );
}
