// SPDX-License-Identifier: Apache-2.0
// The criteria of a model: written and checked, compared and tried before they count, and how they
// come to hold. What stands in the editor stays while one looks at the other parts.
import { useEffect, useId, useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAsk } from "../../api/use";
import { query, setQuery } from "../../router";
import { text } from "../../text/text";
import { Button, EmptyState, LinkButton } from "../../ui/basic";
import { Field, Form } from "../../ui/form";
import { toast } from "../../ui/layer";
import { Loaded } from "../../ui/state";
import { Tabs } from "../../ui/tabs";
import { short, type Version, versionsOf, written } from "./criteria_api";
import { Effect } from "./criteria_effect";
import { TryOn } from "./criteria_try";
import { Versions } from "./criteria_versions";
import { Write } from "./criteria_write";
import { addressOf } from "./model_api";

const PAGE = 200;

/** Some names to choose from. */
async function modelsOf(signal: AbortSignal): Promise<string[]> {
  const { models } = await ask("GET /api/v1/models", { query: { limit: PAGE }, signal });

  return models.filter((one) => one.state !== "shredded").map((one) => one.model);
}

function Choose({ model }: { model: string }) {
  const t = text.value.editor;
  const asked = useAsk((signal) => modelsOf(signal).catch(() => []));
  const [name, setName] = useState(model);
  const id = useId();

  return (
    <Form class="filters" onSend={() => setQuery({ model: name.trim(), tab: undefined })}>
      <Field
        label={t.model}
        value={name}
        onValue={setName}
        list={id}
        required
        autocomplete="off"
        spellcheck={false}
      />
      <datalist id={id}>
        {(asked.data ?? []).map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <Button type="submit">{t.open}</Button>
    </Form>
  );
}

/** What the editor begins with: the newest draft, else what is in force. */
const first = (versions: Version[]): string => {
  const one = versions.find((other) => other.state !== "retired") ?? versions[0];
  return one ? written(one.criteria) : "";
};

function Work({ model }: { model: string }) {
  const t = text.value.editor;
  const asked = useAsk((signal) => versionsOf(model, signal), [model]);
  const [draft, setDraft] = useState<string>();
  const versions = asked.data;

  useEffect(() => {
    if (versions && draft === undefined) setDraft(first(versions));
  }, [versions, draft]);
  const takeUp = (one: Version) => {
    setDraft(written(one.criteria));
    setQuery({ tab: undefined });
    toast(t.takenUp(short(one.sha256)));
  };

  return (
    <Loaded of={asked} lines={8}>
      {(all) => {
        const active = all.find((one) => one.state === "active");
        const given = { model, draft: draft ?? "", active };

        return (
          <Tabs
            label={t.parts}
            tabs={[
              {
                key: "write",
                title: t.write,
                render: () => <Write {...given} onDraft={setDraft} onKept={asked.again} />,
              },
              { key: "effect", title: t.effect, render: () => <Effect {...given} /> },
              { key: "try", title: t.tryOn, render: () => <TryOn {...given} /> },
              {
                key: "versions",
                title: t.versions,
                count: all.length,
                render: () => (
                  <Versions model={model} versions={all} takeUp={takeUp} again={asked.again} />
                ),
              },
            ]}
          />
        );
      }}
    </Loaded>
  );
}

export default function CriteriaPage() {
  const t = text.value.editor;
  const model = query.value.get("model") ?? "";

  return (
    <>
      <div class="head-row">
        <h1>{model ? t.of(model) : t.title}</h1>
        {model && (
          <LinkButton icon="model" href={addressOf(model)}>
            {text.value.models.one}
          </LinkButton>
        )}
      </div>
      <p class="lead">{t.intro}</p>
      <Choose key={`choose ${model}`} model={model} />
      {model ? (
        <Work key={model} model={model} />
      ) : (
        <EmptyState icon="policy" title={t.choose}>
          {t.chooseHelp}
        </EmptyState>
      )}
    </>
  );
}
