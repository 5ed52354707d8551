// SPDX-License-Identifier: Apache-2.0
// "Would it be approved?": what the published criteria say of a request of this reader now.
import { useState } from "preact/hooks";
import { ask, ofModel } from "../../api/client";
import { useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Card } from "../../ui/basic";
import { Check, Checks } from "../../ui/form";
import { Loaded } from "../../ui/state";

const RIGHTS = ["weights:read", "infer:generate", "infer:embed", "internals:read"];
const TONES = { approve: "good", deny: "bad", refer: "info" } as const;

export function Would({ model }: { model: string }) {
  const t = text.value.would;
  const [rights, setRights] = useState(["weights:read"]);
  const [isSigned, setSigned] = useState(true);
  const asked = useAsk(
    (signal) =>
      ask("POST /api/v1/models/{ns}/{name}/criteria/try", {
        path: ofModel(model),
        body: { rights, terms_signed: isSigned },
        signal,
      }),
    [model, rights.join(" "), isSigned],
  );

  return (
    <Card title={t.title}>
      <p class="soft">{t.help}</p>
      <Checks
        label={t.wanted}
        value={rights}
        onValue={(wanted) => wanted.length && setRights(wanted)}
        options={RIGHTS.map((right) => [right, text.value.rights[right] ?? right])}
      />
      <Check label={t.signed} value={isSigned} onValue={setSigned} />
      <Loaded of={asked}>
        {({ criteria }) =>
          !criteria ? (
            <p>{t.noCriteria}</p>
          ) : (
            <div role="status">
              <p>
                <Badge tone={TONES[criteria.outcome ?? "refer"]}>
                  {t.outcomes[criteria.outcome ?? "refer"]}
                </Badge>{" "}
                {criteria.decides ? t.decides : t.advises}
              </p>
              <ul>
                {(criteria.rules ?? []).map((rule) => (
                  <li key={rule.id}>
                    {rule.text}
                    {rule.holds === "unknown" && <span class="soft"> ({t.unknown})</span>}
                  </li>
                ))}
              </ul>
              {(criteria.missing?.length ?? 0) > 0 && (
                <>
                  <strong>{t.missing}</strong>
                  <ul>
                    {criteria.missing?.map((one, i) => (
                      <li key={i}>{one.need}</li>
                    ))}
                  </ul>
                </>
              )}
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}
