// SPDX-License-Identifier: Apache-2.0
// What a row of events shows.
import type { Event } from "../../api/schema";
import { text } from "../../text/text";
import { Badge, Time } from "../../ui/basic";
import type { Column } from "../../ui/table";
import { eventsHref } from "./asked";

export function columns(): Array<Column<Event>> {
  const t = text.value.auditEvents;

  return [
    { key: "at", title: t.columns.at, width: "1.9fr", render: (e) => <Time at={e.at} /> },
    { key: "kind", title: t.columns.kind, width: "1.2fr", render: (e) => e.kind },
    {
      key: "actor",
      title: t.columns.actor,
      render: (e) =>
        e.actor_id ? <a href={eventsHref({ actor: e.actor_id })}>{e.actor}</a> : e.actor,
    },
    { key: "model", title: t.columns.model, width: "1.3fr", render: (e) => e.model },
    { key: "right", title: t.columns.right, render: (e) => e.right },
    {
      key: "decision",
      title: t.columns.decision,
      render: (e) =>
        e.decision === "deny" ? (
          <Badge tone="bad">{e.code}</Badge>
        ) : (
          <Badge tone="good">{t.decisions.allow}</Badge>
        ),
    },
    {
      key: "license",
      title: t.columns.license,
      render: (e) =>
        e.license && <a href={eventsHref({ license: e.license })}>{e.license.slice(-12)}</a>,
    },
  ];
}
