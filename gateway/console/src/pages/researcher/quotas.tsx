// SPDX-License-Identifier: Apache-2.0
// What limits somebody, and how much of it is used.
import { bytes, number } from "../../text/format";
import { text } from "../../text/text";
import { Progress, Time } from "../../ui/basic";
import type { Quota } from "./licenses_api";

const amount = (quota: Quota, value: number): string =>
  quota.measure === "bytes" ? bytes(value) : number(value);

export function Quotas({ limits }: { limits: Quota[] }) {
  const t = text.value.licenses;

  if (!limits.length) return <p class="soft">{t.noLimits}</p>;
  return (
    <ul class="steps">
      {limits.map((one, i) => {
        const { used = 0, max = 0 } = one;
        const what = t.measures[one.measure ?? ""] ?? one.measure ?? "";
        const per = t.per[one.per ?? ""] ?? one.per ?? "";

        return (
          <li key={i}>
            <Progress
              value={Math.min(used, max)}
              of={max}
              label={t.usedOf(amount(one, used), amount(one, max), what, per)}
            />
            <span class="soft small">
              {t.of[one.of ?? ""]} {one.model}
              {one.ends && (
                <>
                  {" · "}
                  {t.begins} <Time at={one.ends} kind="relative" />
                </>
              )}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
