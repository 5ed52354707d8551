// SPDX-License-Identifier: Apache-2.0
// "May I?": what the gateway would decide now, right by right, and what exactly is missing.
import { ask } from "../../api/client";
import type { Decision } from "../../api/schema";
import { useAsk } from "../../api/use";
import { me } from "../../session";
import { text } from "../../text/text";
import { Badge, Card } from "../../ui/basic";
import { Loaded } from "../../ui/state";

const RIGHTS = ["weights:read", "infer:generate", "infer:embed"];

/** Where a need is met, as the reader can go there; the API's own address means nothing to them. */
function Need({ need, href, model }: { need: string; href?: string | undefined; model: string }) {
  if (href !== "/api/v1/access-requests") return <>{need}</>;
  return <a href={`/requests/new?model=${encodeURIComponent(model)}`}>{need}</a>;
}

function Answer({ right, decision }: { right: string; decision: Decision }) {
  const t = text.value.model;

  return (
    <li>
      <strong>{text.value.rights[right]}</strong>{" "}
      <Badge tone={decision.allow ? "good" : "warn"} icon={decision.allow ? "check" : "stop"}>
        {decision.allow ? t.allowed : t.refused}
      </Badge>
      {!decision.allow && <div>{decision.text}</div>}
      {decision.missing.length > 0 && (
        <ul aria-label={t.missing}>
          {decision.missing.map((one, i) => (
            <li key={i}>
              <Need {...one} model={decision.model ?? ""} />
            </li>
          ))}
        </ul>
      )}
      <div class="soft small">
        {decision.code} · {t.why(decision.rule)}
      </div>
    </li>
  );
}

export function May({ model }: { model: string }) {
  const t = text.value.model;
  const person = me.value?.person.id;
  const asked = useAsk(
    async (signal) =>
      person
        ? Promise.all(
            RIGHTS.map(async (right) => ({
              right,
              decision: await ask("GET /api/v1/explain", { query: { model, right }, signal }),
            })),
          )
        : [],
    [model, person],
  );

  return (
    <Card title={t.may}>
      <p class="soft">{person ? t.mayHelp : t.signInFirst}</p>
      <Loaded of={asked}>
        {(answers) => (
          <ul class="steps">
            {answers.map((one) => (
              <Answer key={one.right} {...one} />
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}
