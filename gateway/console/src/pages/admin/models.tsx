// SPDX-License-Identifier: Apache-2.0
// Models as those see them who keep them: state, what serves them now, and the emergency stop.
import { useState } from "preact/hooks";
import { ask, cursorOf, ofModel, send } from "../../api/client";
import { type Page, useAct, useAsk, usePaged } from "../../api/use";
import { query, setQuery } from "../../router";
import { text } from "../../text/text";
import { Badge, Button, EmptyState, Note, Time } from "../../ui/basic";
import { Area, Field, Form } from "../../ui/form";
import { Dialog, toast } from "../../ui/layer";
import { ErrorState, LoadMore, Waiting } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { GateBadge } from "../everybody/catalogue";
import { enginesOf, type Engine, EngineState } from "./engines";
import { addressOf, type Care } from "./model_api";

const PAGE = 100;

async function models(search: string, cursor: string | undefined, signal: AbortSignal) {
  const query = { q: search, limit: PAGE, cursor };
  const answer = await send("GET /api/v1/models", { query, signal });

  return {
    rows: ((await answer.json()) as { models: Care[] }).models,
    next: cursorOf(answer),
  } satisfies Page<Care>;
}

function ModelState({ model }: { model: Care }) {
  const { state } = model;
  const says = text.value.allModels.states[state] ?? state;

  return <Badge tone={state === "active" ? "good" : "bad"}>{says}</Badge>;
}

function columns(engines: Engine[], stop: (model: Care) => void): Array<Column<Care>> {
  const t = text.value.allModels;
  const isStopped = (one: Care) => one.state === "disabled";

  return [
    {
      key: "model",
      title: t.columns.model,
      width: "2fr",
      render: (one) => <a href={addressOf(one.model)}>{one.model}</a>,
      sort: (one) => one.model,
    },
    {
      key: "gate",
      title: t.columns.gate,
      render: (one) => <GateBadge gate={one.gate} />,
      sort: (one) => one.gate,
    },
    {
      key: "state",
      title: t.columns.state,
      render: (one) => <ModelState model={one} />,
      sort: (one) => one.state,
    },
    {
      key: "engine",
      title: t.columns.engine,
      render: (one) => {
        const engine = engines.find((other) => other.model === one.model);
        return engine && <EngineState engine={engine} />;
      },
    },
    {
      key: "changed",
      title: t.columns.changed,
      render: (one) => <Time at={one.changed} kind="relative" />,
      sort: (one) => one.changed,
    },
    {
      key: "act",
      title: t.columns.act,
      width: "9rem",
      render: (one) =>
        one.state !== "shredded" && (
          <Button
            kind="quiet"
            onClick={() => stop(one)}
            aria-label={isStopped(one) ? t.enableTitle(one.model) : t.disableTitle(one.model)}
          >
            {isStopped(one) ? t.enable : t.disable}
          </Button>
        ),
    },
  ];
}

/** The emergency stop, or its end. To stop a model its name must be typed. */
function Stop({
  model,
  onDone,
  onClose,
}: {
  model: Care;
  onDone: () => void;
  onClose: () => void;
}) {
  const t = text.value.allModels;
  const isStopped = model.state === "disabled";
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const [isWrong, setWrong] = useState(false);
  const act = useAct(async () => {
    const given = { path: ofModel(model.model), body: { reason: reason.trim() } };

    if (isStopped) {
      await ask("POST /api/v1/models/{ns}/{name}/enable", given);
      toast(t.wasEnabled(model.model));
    } else {
      const { cut } = await ask("POST /api/v1/models/{ns}/{name}/disable", given);
      toast(t.wasDisabled(model.model, cut?.confirmed ?? 0, cut?.edges ?? 0));
    }
    onDone();
  });
  const send = () => {
    const isRight = isStopped || name.trim() === model.model;

    setWrong(!isRight);
    if (isRight) void act.run();
  };

  return (
    <Dialog
      title={isStopped ? t.enableTitle(model.model) : t.disableTitle(model.model)}
      onClose={onClose}
    >
      <Form onSend={send}>
        {act.error && <ErrorState error={act.error} />}
        {isStopped ? <p>{t.enableHelp}</p> : <Note tone="warn">{t.disableHelp}</Note>}
        <Area label={t.reason} value={reason} onValue={setReason} rows={2} required />
        {!isStopped && (
          <Field
            label={t.nameAgain}
            hint={model.model}
            error={isWrong && t.nameWrong}
            value={name}
            onValue={setName}
            required
            autocomplete="off"
            spellcheck={false}
          />
        )}
        <Button kind={isStopped ? "primary" : "danger"} type="submit" isBusy={act.isBusy}>
          {isStopped ? t.enable : t.disable}
        </Button>
      </Form>
    </Dialog>
  );
}

export default function Models() {
  const t = text.value.allModels;
  const search = query.value.get("q") ?? "";
  const list = usePaged((cursor, signal) => models(search, cursor, signal), [search]);
  const engines = useAsk(enginesOf);
  const [chosen, setChosen] = useState<Care>();

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <div class="filters" role="search">
        <Field
          type="search"
          label={text.value.models.search}
          value={search}
          onValue={(q) => setQuery({ q })}
        />
      </div>
      {list.error && <ErrorState error={list.error} again={list.again} />}
      {list.isBusy && !list.rows.length && <Waiting />}
      {!list.isBusy && !list.error && !list.rows.length && (
        <EmptyState icon="model" title={t.none}>
          {t.noneHelp}
        </EmptyState>
      )}
      {list.rows.length > 0 && (
        <Table
          label={t.title}
          columns={columns(engines.data?.engines ?? [], setChosen)}
          rows={list.rows}
          rowKey={(one) => one.model}
        />
      )}
      <LoadMore hasMore={list.hasMore} isBusy={list.isBusy} more={list.more} />
      {chosen && (
        <Stop
          model={chosen}
          onClose={() => setChosen(undefined)}
          onDone={() => {
            setChosen(undefined);
            list.again();
            engines.again();
          }}
        />
      )}
    </>
  );
}
