// SPDX-License-Identifier: Apache-2.0
// My requests for access: where each stands.
import { usePaged } from "../../api/use";
import { go } from "../../router";
import { text } from "../../text/text";
import { Badge, EmptyState, LinkButton, Time } from "../../ui/basic";
import { PagedList } from "../../ui/paged_list";
import type { Column } from "../../ui/table";
import { type AccessRequest, requestPage, stateName, stateTone } from "./requests_api";

function columns(): Array<Column<AccessRequest>> {
  const t = text.value.requests;

  return [
    {
      key: "model",
      title: t.columns.model,
      width: "1.6fr",
      render: (one) => <a href={`/requests/${one.id}`}>{one.model}</a>,
      sort: (one) => one.model,
    },
    {
      key: "state",
      title: t.columns.state,
      render: (one) => <Badge tone={stateTone(one.state)}>{stateName(one.state)}</Badge>,
      sort: (one) => one.state,
    },
    {
      key: "rights",
      title: t.columns.rights,
      width: "1.6fr",
      render: (one) => one.rights.map((right) => text.value.rights[right] ?? right).join(", "),
    },
    {
      key: "waiting",
      title: t.columns.waiting,
      render: (one) =>
        one.waiting_since ? <Time at={one.waiting_since} kind="relative" /> : t.notWaiting,
      sort: (one) => one.waiting_since ?? "",
    },
    {
      key: "changed",
      title: t.columns.changed,
      render: (one) => <Time at={one.changed} kind="relative" />,
      sort: (one) => one.changed,
    },
  ];
}

export default function Requests() {
  const t = text.value.requests;
  const asked = usePaged(requestPage);

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <LinkButton kind="primary" icon="model" href="/models">
          {t.findModel}
        </LinkButton>
      </div>
      <p class="lead">{t.intro}</p>
      <PagedList
        of={asked}
        label={t.title}
        columns={columns()}
        rowKey={(one) => one.id}
        onOpen={(one) => go(`/requests/${one.id}`)}
        empty={
          <EmptyState icon="request" title={t.none}>
            {t.noneHelp}
          </EmptyState>
        }
      />
    </>
  );
}
