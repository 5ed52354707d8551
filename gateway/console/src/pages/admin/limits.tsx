// SPDX-License-Identifier: Apache-2.0
// How much a person by all their licenses, or an institution by all its members, may use.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Button, Card } from "../../ui/basic";
import { FormDialog } from "../../ui/form_dialog";
import { toast } from "../../ui/layer";
import { Loaded } from "../../ui/state";
import { type Quota, Quotas } from "./quota_fields";

interface LimitsProps {
  of: "persons" | "institutions";
  id: string;
}

const readLimits = ({ of, id }: LimitsProps, signal: AbortSignal) =>
  of === "persons"
    ? ask("GET /api/v1/persons/{id}/limits", { path: { id }, signal })
    : ask("GET /api/v1/institutions/{id}/limits", { path: { id }, signal });

function writeLimits({ of, id }: LimitsProps, limits: Quota[]) {
  const given = { path: { id }, body: { limits } };

  return of === "persons"
    ? ask("PUT /api/v1/persons/{id}/limits", given)
    : ask("PUT /api/v1/institutions/{id}/limits", given);
}

interface ChangeProps {
  whose: LimitsProps;
  limits: Quota[];
  onClose: () => void;
  onDone: () => void;
}

function Change({ whose, limits, onClose, onDone }: ChangeProps) {
  const t = text.value.limits;
  const [quotas, setQuotas] = useState(limits);
  const act = useAct(async () => {
    await writeLimits(whose, quotas);
    toast(t.saved);
    onDone();
  });

  return (
    <FormDialog title={t.change} does={t.save} act={act} onClose={onClose}>
      <p class="soft">{t.help[whose.of]}</p>
      <Quotas quotas={quotas} onQuotas={setQuotas} />
    </FormDialog>
  );
}

export function Limits(whose: LimitsProps) {
  const t = text.value.limits;
  const [isChanging, setChanging] = useState(false);
  const asked = useAsk((signal) => readLimits(whose, signal), [whose.of, whose.id]);

  return (
    <Card
      title={t.title}
      actions={asked.data && <Button onClick={() => setChanging(true)}>{t.change}</Button>}
    >
      <Loaded of={asked} lines={1}>
        {({ limits = [] }) => (
          <>
            {limits.length === 0 && <p class="soft">{t.none[whose.of]}</p>}
            <ul class="steps">
              {limits.map((one) => (
                <li key={`${one.measure} ${one.per}`}>
                  {t.one(
                    number(one.max),
                    text.value.review.measures[one.measure] ?? one.measure,
                    text.value.review.pers[one.per] ?? one.per,
                  )}
                </li>
              ))}
            </ul>
            {isChanging && (
              <Change
                whose={whose}
                limits={limits}
                onClose={() => setChanging(false)}
                onDone={() => {
                  setChanging(false);
                  asked.again();
                }}
              />
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}
