// SPDX-License-Identifier: Apache-2.0
// How long what is kept, what would go now, and what went last.
import { ask } from "../../api/client";
import { useAsk } from "../../api/use";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Card, Facts, Time } from "../../ui/basic";
import { Loaded } from "../../ui/state";
import { Changes, type Rules } from "./retention_change";

function Rule({ rule }: { rule: Rules[number] }) {
  const t = text.value.erasures.retention;
  const names = text.value.erasures.rules as Record<string, string>;

  return (
    <Card
      title={names[rule.rule ?? ""] ?? rule.rule}
      actions={
        <Badge tone="info">
          {t.period(number(rule.period ?? 0), t.units[rule.unit ?? "days"])}
        </Badge>
      }
    >
      <p class="soft">{rule.keeps}</p>
      <Facts
        rows={[
          Boolean(rule.least) && [t.least, rule.least],
          [t.due, number(rule.due ?? 0)],
          [t.held, number(rule.held ?? 0)],
          [t.erased, number(rule.erased ?? 0)],
          [t.lastRun, <Time at={rule.last_run} />],
          Boolean(rule.waits_until) && [t.waits, <Time at={rule.waits_until} />],
          Boolean(rule.last_entry) && [
            t.entry,
            <a href={`/audit/events?event=${rule.last_entry}`}>{rule.last_entry}</a>,
          ],
          [t.setting, <code>{rule.setting}</code>],
        ]}
      />
    </Card>
  );
}

export function Retention() {
  const found = useAsk((signal) => ask("GET /api/v1/audit/retention", { signal }));

  return (
    <Loaded of={found}>
      {({ rules = [], changes = [] }) => (
        <>
          <div class="cards wide">
            {rules.map((rule) => (
              <Rule key={rule.rule} rule={rule} />
            ))}
          </div>
          <Changes rules={rules} changes={changes} again={found.again} />
        </>
      )}
    </Loaded>
  );
}
