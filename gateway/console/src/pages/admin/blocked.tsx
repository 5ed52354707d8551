// SPDX-License-Identifier: Apache-2.0
// Who is blocked: for all models, or for the criteria of one; each with its reason.
import { useState } from "preact/hooks";
import { ask, ofModel, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Button, EmptyState, Time } from "../../ui/basic";
import { Area } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { PersonField } from "./person_field";

type One = NonNullable<Reply<"GET /api/v1/blocklist">["blocked"]>[number];

interface Whose {
  /** For its criteria; without it, for all models. */
  model?: string;
}

const list = ({ model }: Whose, signal: AbortSignal) =>
  model
    ? ask("GET /api/v1/models/{ns}/{name}/blocklist", { path: ofModel(model), signal })
    : ask("GET /api/v1/blocklist", { signal });

function add({ model }: Whose, body: { person: string; reason: string }) {
  return model
    ? ask("POST /api/v1/models/{ns}/{name}/blocklist", { path: ofModel(model), body })
    : ask("POST /api/v1/blocklist", { body });
}

function end({ model }: Whose, id: string) {
  return model
    ? ask("DELETE /api/v1/models/{ns}/{name}/blocklist/{id}", { path: { ...ofModel(model), id } })
    : ask("DELETE /api/v1/blocklist/{id}", { path: { id } });
}

interface BlockProps extends Whose {
  onClose: () => void;
  onDone: () => void;
}

function Block({ model, onClose, onDone }: BlockProps) {
  const t = text.value.blocked;
  const [person, setPerson] = useState("");
  const [reason, setReason] = useState("");
  const act = useAct(async () => {
    await add(model ? { model } : {}, { person: person.trim(), reason: reason.trim() });
    toast(t.wasAdded);
    onDone();
  });

  return (
    <FormDialog title={t.add} does={t.add} kind="danger" act={act} onClose={onClose}>
      <p class="soft">{model ? t.helpModel : t.help}</p>
      <PersonField value={person} onValue={setPerson} />
      <Area
        label={text.value.person.reason}
        hint={t.reasonHint}
        value={reason}
        onValue={setReason}
        rows={2}
        required
      />
    </FormDialog>
  );
}

function columns(lift: (one: One) => void): Array<Column<One>> {
  const t = text.value.blocked;

  return [
    {
      key: "person",
      title: text.value.committee.person,
      render: (one) => one.person_name,
      sort: (one) => one.person_name ?? "",
    },
    { key: "reason", title: t.reason, width: "2fr", render: (one) => one.reason },
    {
      key: "since",
      title: t.since,
      render: (one) => <Time at={one.added} kind="date" />,
      sort: (one) => one.added ?? "",
    },
    {
      key: "end",
      title: t.end,
      width: "8rem",
      render: (one) => (
        <Button kind="quiet" onClick={() => lift(one)} aria-label={`${t.end}: ${one.person_name}`}>
          {t.end}
        </Button>
      ),
    },
  ];
}

/** The list, and what can be done with it. */
export function BlockedOf({ model }: Whose) {
  const t = text.value.blocked;
  const whose: Whose = model ? { model } : {};
  const [isAdding, setAdding] = useState(false);
  const [ending, setEnding] = useState<One>();
  const asked = useAsk((signal) => list(whose, signal), [model]);
  const lift = useAct(async (one: One) => {
    await end(whose, one.id ?? "");
    setEnding(undefined);
    toast(t.wasEnded);
    asked.again();
  });

  return (
    <>
      <p>
        <Button icon="plus" onClick={() => setAdding(true)}>
          {t.add}
        </Button>
      </p>
      <Loaded of={asked}>
        {({ blocked = [] }) =>
          blocked.length ? (
            <Table
              label={t.title}
              columns={columns(setEnding)}
              rows={blocked}
              rowKey={(one) => one.id ?? ""}
            />
          ) : (
            <EmptyState icon="stop" title={t.none}>
              {model ? t.helpModel : t.help}
            </EmptyState>
          )
        }
      </Loaded>
      {isAdding && (
        <Block
          {...whose}
          onClose={() => setAdding(false)}
          onDone={() => {
            setAdding(false);
            asked.again();
          }}
        />
      )}
      {ending && (
        <Confirm
          title={t.endTitle(ending.person_name ?? "")}
          does={t.end}
          isBusy={lift.isBusy}
          onYes={() => void lift.run(ending)}
          onNo={() => setEnding(undefined)}
        >
          {lift.error && <ErrorState error={lift.error} />}
          <p>{t.endHelp}</p>
        </Confirm>
      )}
    </>
  );
}

export default function Blocked() {
  const t = text.value.blocked;

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <BlockedOf />
    </>
  );
}
