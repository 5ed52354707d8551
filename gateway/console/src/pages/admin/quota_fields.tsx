// SPDX-License-Identifier: Apache-2.0
// How much may be used: any number of limits, each a measure, a time and a number.
import type { Body } from "../../api/client";
import { text } from "../../text/text";
import { Button } from "../../ui/basic";
import { Field, Select } from "../../ui/form";

export type Quota = NonNullable<
  Body<"POST /api/v1/access-requests/{id}/approve">["limits"]
>[number];

const QUOTAS_MAX = 8;

function QuotaFields({
  quota,
  which,
  onQuota,
  onRemove,
}: {
  quota: Quota;
  which: number;
  onQuota: (quota: Quota) => void;
  onRemove: () => void;
}) {
  const t = text.value.review;

  return (
    <div class="filters">
      <Select
        label={t.measure(which)}
        value={quota.measure}
        onValue={(measure) => onQuota({ ...quota, measure: measure as Quota["measure"] })}
        options={Object.entries(t.measures)}
      />
      <Select
        label={t.per(which)}
        value={quota.per}
        onValue={(per) => onQuota({ ...quota, per: per as Quota["per"] })}
        options={Object.entries(t.pers)}
      />
      <Field
        type="number"
        min={1}
        required
        label={t.most(which)}
        value={quota.max ? String(quota.max) : ""}
        onValue={(max) => onQuota({ ...quota, max: Number(max) })}
      />
      <Button kind="quiet" icon="close" onClick={onRemove}>
        {t.removeQuota(which)}
      </Button>
    </div>
  );
}

export function Quotas({
  quotas,
  onQuotas,
}: {
  quotas: Quota[];
  onQuotas: (all: Quota[]) => void;
}) {
  const t = text.value.review;

  return (
    <fieldset>
      <legend>{t.quotas}</legend>
      {quotas.map((quota, i) => (
        <QuotaFields
          key={i}
          quota={quota}
          which={i + 1}
          onQuota={(one) => onQuotas(quotas.map((old, j) => (j === i ? one : old)))}
          onRemove={() => onQuotas(quotas.filter((_, j) => j !== i))}
        />
      ))}
      {quotas.length < QUOTAS_MAX && (
        <Button
          icon="plus"
          onClick={() => onQuotas([...quotas, { measure: "tokens", per: "day", max: 100000 }])}
        >
          {t.addQuota}
        </Button>
      )}
    </fieldset>
  );
}
