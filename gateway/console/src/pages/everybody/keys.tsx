// SPDX-License-Identifier: Apache-2.0
// Enrolled keys, and one that is made in this browser.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import type { Key } from "../../api/schema";
import { useAct, useAsk } from "../../api/use";
import { browserKeyIds, forgetBrowserKey, makeBrowserKey, thisBrowser } from "../../browser_keys";
import { text } from "../../text/text";
import { Badge, Button, EmptyState, Time } from "../../ui/basic";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { type Column, Table } from "../../ui/table";

function columns(here: Set<string>, revoke: (key: Key) => void): Array<Column<Key>> {
  const t = text.value.keys;

  return [
    { key: "name", title: t.columns.name, render: (one) => one.name, sort: (one) => one.name },
    { key: "kind", title: t.columns.kind, width: "7rem", render: (one) => t.kinds[one.kind] },
    {
      key: "public",
      title: t.columns.public,
      width: "1.4fr",
      render: (one) => <code>{one.public}</code>,
    },
    {
      key: "made",
      title: t.columns.made,
      render: (one) => <Time at={one.created} kind="date" />,
      sort: (one) => one.created,
    },
    {
      key: "state",
      title: t.columns.state,
      width: "1.5fr",
      render: (one) => (
        <span class="badges">
          {one.revoked ? (
            <Badge tone="bad">{t.revoked}</Badge>
          ) : (
            <Badge tone="good">{t.working}</Badge>
          )}
          {here.has(one.id) && <Badge tone="info">{t.here}</Badge>}
        </span>
      ),
    },
    {
      key: "act",
      title: t.revoke,
      width: "8rem",
      render: (one) =>
        !one.revoked && (
          <Button kind="quiet" aria-label={t.revokeTitle(one.name)} onClick={() => revoke(one)}>
            {t.revoke}
          </Button>
        ),
    },
  ];
}

export default function Keys() {
  const t = text.value.keys;
  const [doomed, setDoomed] = useState<Key>();
  const asked = useAsk(async (signal) => {
    const { keys } = await ask("GET /api/v1/keys", { signal });
    return { keys, here: await browserKeyIds() };
  });
  const make = useAct(async () => {
    await makeBrowserKey(t.nameOf(thisBrowser()));
    toast(t.made);
    asked.again();
  });
  const revoke = useAct(async (key: Key) => {
    await ask("POST /api/v1/keys/{id}/revoke", { path: { id: key.id }, body: {} });
    await forgetBrowserKey(key.id);
    setDoomed(undefined);
    toast(t.wasRevoked);
    asked.again();
  });

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <Button kind="primary" icon="plus" isBusy={make.isBusy} onClick={() => void make.run()}>
          {t.make}
        </Button>
      </div>
      <p class="lead">{t.intro}</p>
      {make.error && <ErrorState error={make.error} />}
      <Loaded of={asked}>
        {({ keys, here }) =>
          keys.length ? (
            <Table
              label={t.title}
              columns={columns(here, setDoomed)}
              rows={keys}
              rowKey={(one) => one.id}
            />
          ) : (
            <EmptyState icon="key" title={t.none}>
              {t.noneHelp}
            </EmptyState>
          )
        }
      </Loaded>
      {doomed && (
        <Confirm
          title={t.revokeTitle(doomed.name)}
          does={t.revoke}
          kind="danger"
          isBusy={revoke.isBusy}
          onYes={() => void revoke.run(doomed)}
          onNo={() => setDoomed(undefined)}
        >
          <p>{t.revokeHelp}</p>
          {revoke.error && <ErrorState error={revoke.error} />}
        </Confirm>
      )}
    </>
  );
}
