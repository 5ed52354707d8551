// SPDX-License-Identifier: Apache-2.0
// A model: what it is, what it asks for, and what this reader may do with it.
import { ask, ofModel, Refusal } from "../../api/client";
import type { ModelInfo } from "../../api/schema";
import { useAsk } from "../../api/use";
import type { PageProps } from "../../pages";
import { text } from "../../text/text";
import { Badge, Card, Copyable, EmptyState, Facts, LinkButton, Time } from "../../ui/basic";
import { Markdown } from "../../ui/markdown";
import { Loaded } from "../../ui/state";
import { Tabs } from "../../ui/tabs";
import { GateBadge, taskName } from "./catalogue";
import { Criteria } from "./criteria";
import { FilesOf } from "./files_of";
import { Given } from "./given";
import { May } from "./may";

const FRONT_MATTER = /^---\r?\n[\s\S]*?\r?\n---\r?\n/;

/** What is not there, or not for this reader, is no mistake here. */
function unlessAbsent(error: unknown): null {
  if (error instanceof Refusal && [401, 403, 404].includes(error.status)) return null;
  throw error;
}

function About({ model }: { model: string }) {
  const t = text.value.model;
  const asked = useAsk(
    (signal) =>
      ask("GET /{ns}/{name}/resolve/{revision}/{path}", {
        path: { ...ofModel(model), revision: "main", path: "README.md" },
        signal,
      }).catch(unlessAbsent) as Promise<string | null>,
    [model],
  );

  return (
    <Loaded of={asked} lines={8}>
      {(card) =>
        card === null ? (
          <EmptyState icon="model" title={t.noCard}>
            {t.noCardHelp}
          </EmptyState>
        ) : (
          <Markdown source={card.replace(FRONT_MATTER, "")} />
        )
      }
    </Loaded>
  );
}

function Terms({ sha256 }: { sha256: string | null }) {
  const t = text.value.model;
  const asked = useAsk(
    (signal) =>
      sha256
        ? (ask("GET /api/v1/terms/{sha256}", { path: { sha256 }, signal }) as Promise<string>)
        : Promise.resolve(null),
    [sha256],
  );

  return (
    <Loaded of={asked} lines={8}>
      {(terms) =>
        terms === null ? (
          <EmptyState icon="license" title={t.noTerms}>
            {t.noTermsHelp}
          </EmptyState>
        ) : (
          <>
            <Markdown source={terms} />
            <p class="soft small">
              {t.termsHash}: <Copyable value={sha256 ?? ""} label={t.termsHash} />
            </p>
          </>
        )
      }
    </Loaded>
  );
}

function Glance({ info }: { info: ModelInfo }) {
  const t = text.value.model;
  const own = info.sallyport;

  return (
    <Card title={t.facts_title}>
      <p>{text.value.models.gateHelp[own.gate]}</p>
      <Facts
        rows={[
          [text.value.models.changed, <Time at={info.lastModified} kind="relative" />],
          [
            t.runs,
            own.inference
              ? own.tasks.map(taskName).join(", ")
              : t.runsNot(own.inference_reason ?? ""),
          ],
          info.sha !== undefined && [
            t.revision,
            <Copyable isShort value={info.sha} label={t.revision} />,
          ],
          own.manifest_sha256 !== undefined && [
            t.manifest,
            <Copyable isShort value={own.manifest_sha256} label={t.manifest} />,
          ],
        ]}
      />
    </Card>
  );
}

export default function Model({ params }: PageProps) {
  const t = text.value.model;
  const name = [params.ns, params.name].filter(Boolean).join("/");
  const asked = useAsk(
    (signal) => ask("GET /api/models/{ns}/{name}", { path: ofModel(name), signal }),
    [name],
  );

  return (
    <>
      <div class="head-row">
        <h1>{name}</h1>
        {asked.data && <GateBadge gate={asked.data.sallyport.gate} />}
        {asked.data?.disabled && <Badge tone="bad">{asked.data.sallyport.state}</Badge>}
        {asked.data && ["manual", "auto"].includes(asked.data.sallyport.gate) && (
          <LinkButton icon="request" href={`/requests/new?model=${encodeURIComponent(name)}`}>
            {t.ask}
          </LinkButton>
        )}
      </div>
      <Loaded of={asked} lines={8}>
        {(info) => (
          <div class="beside">
            <Tabs
              label={t.parts}
              tabs={[
                { key: "about", title: t.about, render: () => <About model={name} /> },
                {
                  key: "terms",
                  title: t.terms,
                  render: () => <Terms sha256={info.sallyport.terms_sha256} />,
                },
                { key: "criteria", title: t.criteria, render: () => <Criteria model={name} /> },
                { key: "given", title: t.given, render: () => <Given model={name} /> },
                { key: "files", title: t.files, render: () => <FilesOf model={name} /> },
              ]}
            />
            <div>
              <May model={name} />
              <Glance info={info} />
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}
