// SPDX-License-Identifier: Apache-2.0
// Who votes in my place, and in whose place I vote: for a model, or for all that is decided.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, EmptyState, Time } from "../../ui/basic";
import { Area, Field } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { me } from "../../session";
import { PersonField } from "./person_field";

type Delegation = Reply<"GET /api/v1/delegations">["delegations"][number];

const DAY_MS = 24 * 3600 * 1000;

/** The time so many days from now, as the gateway reads it. */
export const endOf = (days: string): string =>
  new Date(Date.now() + Number(days) * DAY_MS).toISOString();

const isOver = (one: Delegation): boolean => Boolean(one.ended) || new Date(one.until) < new Date();
const isMine = (one: Delegation): boolean => one.from === me.value?.person.name;

function Add({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const t = text.value.delegations;
  const [to, setTo] = useState("");
  const [model, setModel] = useState("");
  const [days, setDays] = useState("14");
  const [reason, setReason] = useState("");
  const add = useAct(async () => {
    await ask("POST /api/v1/delegations", {
      body: {
        to: to.trim(),
        until: endOf(days),
        reason: reason.trim(),
        ...(model.trim() && { model: model.trim() }),
      },
    });
    toast(t.wasAdded);
    onDone();
  });

  return (
    <FormDialog title={t.add} does={t.create} act={add} onClose={onClose}>
      <p class="soft">{t.addHelp}</p>
      <PersonField label={t.columns.to} value={to} onValue={setTo} />
      <Field label={t.columns.model} hint={t.modelHint} value={model} onValue={setModel} />
      <Field
        type="number"
        min={1}
        max={366}
        required
        label={t.days}
        value={days}
        onValue={setDays}
      />
      <Area label={t.columns.reason} value={reason} onValue={setReason} rows={2} />
    </FormDialog>
  );
}

function columns(end: (one: Delegation) => void): Array<Column<Delegation>> {
  const t = text.value.delegations;

  return [
    { key: "from", title: t.columns.from, render: (one) => one.from, sort: (one) => one.from },
    { key: "to", title: t.columns.to, render: (one) => one.to, sort: (one) => one.to },
    {
      key: "model",
      title: t.columns.model,
      width: "1.5fr",
      render: (one) =>
        one.request ? (
          <a href={`/admin/requests/${one.request}`}>{t.oneRequest}</a>
        ) : (
          (one.model ?? t.allModels)
        ),
    },
    {
      key: "until",
      title: t.columns.until,
      render: (one) => <Time at={one.ended ?? one.until} kind="relative" />,
      sort: (one) => one.ended ?? one.until,
    },
    { key: "reason", title: t.columns.reason, render: (one) => one.reason },
    {
      key: "state",
      title: t.columns.state,
      width: "9rem",
      render: (one) =>
        isOver(one) ? (
          <Badge>{t.over}</Badge>
        ) : isMine(one) ? (
          <Button kind="quiet" onClick={() => end(one)} aria-label={t.endTitle(one.to)}>
            {t.end}
          </Button>
        ) : (
          <Badge tone="good">{t.holds}</Badge>
        ),
    },
  ];
}

export default function Delegations() {
  const t = text.value.delegations;
  const asked = useAsk((signal) => ask("GET /api/v1/delegations", { signal }));
  const [isAdding, setAdding] = useState(false);
  const [ending, setEnding] = useState<Delegation>();
  const end = useAct(async (one: Delegation) => {
    await ask("DELETE /api/v1/delegations/{id}", { path: { id: one.id } });
    setEnding(undefined);
    toast(t.wasEnded);
    asked.again();
  });

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          {t.add}
        </Button>
      </div>
      <p class="lead">{t.intro}</p>
      <Loaded of={asked}>
        {({ delegations }) =>
          delegations.length ? (
            <Table
              label={t.title}
              columns={columns(setEnding)}
              rows={delegations}
              rowKey={(one) => one.id}
            />
          ) : (
            <EmptyState icon="people" title={t.none}>
              {t.noneHelp}
            </EmptyState>
          )
        }
      </Loaded>
      {isAdding && (
        <Add
          onClose={() => setAdding(false)}
          onDone={() => {
            setAdding(false);
            asked.again();
          }}
        />
      )}
      {ending && (
        <Confirm
          title={t.endTitle(ending.to)}
          does={t.end}
          isBusy={end.isBusy}
          onYes={() => void end.run(ending)}
          onNo={() => setEnding(undefined)}
        >
          <p>{t.endHelp}</p>
          {end.error && <ErrorState error={end.error} />}
        </Confirm>
      )}
    </>
  );
}
