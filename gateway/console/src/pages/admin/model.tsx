// SPDX-License-Identifier: Apache-2.0
// A model in somebody's care: settings, revisions, what engines do with it, files on their way in,
// and its end.
import { useAsk } from "../../api/use";
import { query } from "../../router";
import { text } from "../../text/text";
import { bytes } from "../../text/format";
import { Badge, Card, EmptyState, Facts, LinkButton, Time } from "../../ui/basic";
import { Loaded } from "../../ui/state";
import { Tabs } from "../../ui/tabs";
import { GateBadge } from "../everybody/catalogue";
import { BlockedOf } from "./blocked";
import { careOf, type Kept } from "./model_api";
import { End } from "./model_end";
import { Questions } from "./model_questions";
import { Running } from "./model_running";
import { Revisions } from "./model_revisions";
import { Settings } from "./model_settings";
import { KeptTerms } from "./model_terms";
import { Uploads } from "./model_upload";

function Glance({ kept }: { kept: Kept }) {
  const t = text.value.keptModel;

  return (
    <Card title={t.glance}>
      <Facts
        rows={[
          [t.licenses, kept.licenses],
          [t.requests, kept.requests],
          kept.adapters > 0 && [t.adapters, kept.adapters],
          [t.revisions, kept.revisions],
          [t.size, t.filesOf(kept.files, bytes(kept.bytes))],
          [
            text.value.model.runs,
            kept.runnable
              ? kept.tasks.map((task) => text.value.models.tasks[task as "generate"]).join(", ")
              : text.value.model.runsNot(kept.runnable_reason),
          ],
          [t.created, <Time at={kept.created} kind="date" />],
          [t.changed, <Time at={kept.changed} kind="relative" />],
          Boolean(kept.state_reason) && [t.reason, kept.state_reason],
        ]}
      />
    </Card>
  );
}

function Parts({ kept, again }: { kept: Kept; again: () => void }) {
  const t = text.value.keptModel;
  const given = { kept, again };

  return (
    <Tabs
      label={t.parts}
      tabs={[
        {
          key: "settings",
          title: t.settings,
          render: () => <Settings key={kept.settings_version} {...given} />,
        },
        {
          key: "revisions",
          title: t.revisions,
          count: kept.revisions,
          render: () => <Revisions {...given} />,
        },
        {
          key: "terms",
          title: text.value.keptTerms.tab,
          render: () => <KeptTerms {...given} />,
        },
        {
          key: "questions",
          title: text.value.questions.tab,
          render: () => <Questions {...given} />,
        },
        {
          key: "blocked",
          title: text.value.blocked.tab,
          render: () => <BlockedOf model={kept.model} />,
        },
        { key: "upload", title: text.value.uploading.tab, render: () => <Uploads {...given} /> },
        { key: "running", title: t.running, render: () => <Running {...given} /> },
        { key: "end", title: t.end, render: () => <End {...given} /> },
      ]}
    />
  );
}

export default function KeptModel() {
  const t = text.value.keptModel;
  const name = query.value.get("name") ?? "";
  const asked = useAsk(
    (signal) => (name ? careOf(name, signal) : Promise.resolve(undefined)),
    [name],
  );
  const state = asked.data?.state;

  if (!name)
    return (
      <EmptyState
        isPage
        icon="model"
        title={t.none}
        action={<LinkButton href="/admin/models">{text.value.allModels.title}</LinkButton>}
      />
    );
  return (
    <>
      <div class="head-row">
        <h1>{name}</h1>
        {asked.data && <GateBadge gate={asked.data.gate} />}
        {state && (
          <Badge tone={state === "active" ? "good" : "bad"}>
            {text.value.allModels.states[state] ?? state}
          </Badge>
        )}
        <LinkButton icon="policy" href={`/admin/criteria?model=${encodeURIComponent(name)}`}>
          {text.value.editor.title}
        </LinkButton>
        <LinkButton icon="model" href={`/models/${name}`}>
          {t.asSeen}
        </LinkButton>
      </div>
      <Loaded of={asked} lines={8}>
        {(kept) =>
          kept && (
            <div class="beside">
              <Parts kept={kept} again={asked.again} />
              <Glance kept={kept} />
            </div>
          )
        }
      </Loaded>
    </>
  );
}
