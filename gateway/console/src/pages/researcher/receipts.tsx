// SPDX-License-Identifier: Apache-2.0
// What I did, entry by entry, each with a proof that this browser checks.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct, usePaged } from "../../api/use";
import type { Receipt } from "../../proof";
import { dateTime } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, EmptyState, LinkButton, Note, Time } from "../../ui/basic";
import { Dialog } from "../../ui/layer";
import { ErrorState, Waiting } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { fetchReceipt, ReceiptCheck } from "../everybody/receipt_check";

type Done = NonNullable<Reply<"GET /api/v1/receipts">["receipts"]>[number];

const LIMIT = 100;

function Outcome({ one }: { one: Done }) {
  const t = text.value.receipts;

  if (!one.decision) return null;
  return (
    <Badge tone={one.decision === "allow" ? "good" : "warn"}>
      {one.decision === "allow" ? t.allowed : t.denied}
    </Badge>
  );
}

function columns(check: (one: Done) => void): Array<Column<Done>> {
  const t = text.value.receipts;

  return [
    { key: "at", title: t.columns.at, width: "1.2fr", render: (one) => <Time at={one.at} /> },
    { key: "kind", title: t.columns.kind, render: (one) => one.kind },
    { key: "model", title: t.columns.model, width: "1.3fr", render: (one) => one.model },
    {
      key: "outcome",
      title: t.columns.outcome,
      width: "7rem",
      render: (one) => <Outcome one={one} />,
    },
    {
      key: "act",
      title: t.columns.act,
      width: "8rem",
      render: (one) => (
        <Button
          kind="quiet"
          onClick={() => check(one)}
          aria-label={t.checkOf(one.kind ?? "", dateTime(new Date(one.at ?? 0)))}
        >
          {t.check}
        </Button>
      ),
    },
  ];
}

function Proof({ one, receipt, onClose }: { one: Done; receipt: Receipt; onClose: () => void }) {
  const t = text.value.receipts;
  const file = `data:application/json,${encodeURIComponent(JSON.stringify(receipt))}`;

  return (
    <Dialog
      isWide
      title={t.proof(one.kind ?? "")}
      onClose={onClose}
      actions={
        <LinkButton icon="download" href={file} download={t.file(one.id ?? "")}>
          {t.save}
        </LinkButton>
      }
    >
      <ReceiptCheck receipt={receipt} />
    </Dialog>
  );
}

export default function Receipts() {
  const t = text.value.receipts;
  const [open, setOpen] = useState<{ one: Done; receipt: Receipt }>();
  const [behind, setBehind] = useState(0);
  const asked = usePaged(async (cursor, signal) => {
    const query = { limit: LIMIT, ...(cursor ? { cursor } : {}) };
    const page = await ask("GET /api/v1/receipts", { query: query as object, signal });
    setBehind(page.behind ?? 0);
    return { rows: page.receipts ?? [], next: page.next ?? null };
  });
  const check = useAct(async (one: Done) =>
    setOpen({ one, receipt: await fetchReceipt(one.id ?? "") }),
  );

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      {asked.error && <ErrorState error={asked.error} again={asked.again} />}
      {check.error && <ErrorState error={check.error} />}
      {behind > 0 && <Note title={t.behind(behind)} />}
      {asked.rows.length > 0 ? (
        <Table
          label={t.title}
          columns={columns((one) => void check.run(one))}
          rows={asked.rows}
          rowKey={(one) => one.id ?? ""}
          onOpen={(one) => void check.run(one)}
          onEnd={asked.more}
        />
      ) : asked.isBusy ? (
        <Waiting />
      ) : (
        !asked.error && (
          <EmptyState icon="receipt" title={t.none}>
            {t.noneHelp}
          </EmptyState>
        )
      )}
      {open && <Proof {...open} onClose={() => setOpen(undefined)} />}
    </>
  );
}
