// SPDX-License-Identifier: Apache-2.0
// My licenses: what each allows, and for how long.
import { usePaged } from "../../api/use";
import { go } from "../../router";
import { text } from "../../text/text";
import { Badge, EmptyState, LinkButton, Time } from "../../ui/basic";
import { PagedList } from "../../ui/paged_list";
import type { Column } from "../../ui/table";
import {
  daysLeft,
  endsSoon,
  type License,
  licenseState,
  licenseTone,
  myLicenses,
} from "./licenses_api";

export function Left({ one }: { one: License }) {
  const t = text.value.licenses;

  if (one.state !== "active") return <Time at={one.expires} kind="date" />;
  if (!endsSoon(one)) return <>{t.left(daysLeft(one))}</>;
  return <Badge tone="warn">{t.left(daysLeft(one))}</Badge>;
}

function columns(): Array<Column<License>> {
  const t = text.value.licenses;

  return [
    {
      key: "model",
      title: t.columns.model,
      width: "1.4fr",
      render: (one) => <a href={`/licenses/${one.id}`}>{one.model}</a>,
      sort: (one) => one.model,
    },
    {
      key: "rights",
      title: t.columns.rights,
      width: "2fr",
      render: (one) => one.rights.map((right) => text.value.rights[right] ?? right).join(", "),
    },
    {
      key: "state",
      title: t.columns.state,
      render: (one) => <Badge tone={licenseTone(one.state)}>{licenseState(one.state)}</Badge>,
      sort: (one) => one.state,
    },
    {
      key: "ends",
      title: t.columns.ends,
      render: (one) => <Left one={one} />,
      sort: (one) => one.expires,
    },
  ];
}

export default function Licenses() {
  const t = text.value.licenses;
  const asked = usePaged(myLicenses);

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <PagedList
        of={asked}
        label={t.title}
        columns={columns()}
        rowKey={(one) => one.id}
        onOpen={(one) => go(`/licenses/${one.id}`)}
        empty={
          <EmptyState
            icon="license"
            title={t.none}
            action={<LinkButton href="/models">{text.value.requests.findModel}</LinkButton>}
          >
            {t.noneHelp}
          </EmptyState>
        }
      />
    </>
  );
}
