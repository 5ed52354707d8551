// SPDX-License-Identifier: Apache-2.0
// What a model asks of those who ask for it: its questions, written here, seen as they are asked.
// Without any of its own it asks what its card says.
import { useState } from "preact/hooks";
import { ask, ofModel, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState } from "../../ui/basic";
import { Area, Check, Field, Form } from "../../ui/form";
import { Confirm, toast } from "../../ui/layer";
import { Markdown } from "../../ui/markdown";
import { ErrorState, Loaded } from "../../ui/state";
import { type Answers, FormFields, type ModelForm } from "../researcher/form_fields";
import type { PartProps } from "./model_api";
import { blank, fieldOf, kept, Question, type Written } from "./question";

type Found = Reply<"GET /api/v1/models/{ns}/{name}/form">;

const MOST = 64;

/** What is being written: texts, and questions that keep their key while they are moved. */
interface Draft {
  heading: string;
  description: string;
  prompt: string;
  euDisallowed: boolean;
  questions: Written[];
}

const draftOf = (form: ModelForm | null): Draft => ({
  heading: form?.extra_gated_heading ?? "",
  description: form?.extra_gated_description ?? "",
  prompt: form?.extra_gated_prompt ?? "",
  euDisallowed: form?.extra_gated_eu_disallowed ?? false,
  questions: (form?.extra_gated_fields ?? []).map(kept),
});

/** As the gateway takes it; a text that is empty is left out. */
function formOf(draft: Draft, before: ModelForm | null): ModelForm {
  const { heading, description, prompt } = draft;

  return {
    ...(before?.extra_gated_button_content && {
      extra_gated_button_content: before.extra_gated_button_content,
    }),
    ...(heading.trim() && { extra_gated_heading: heading.trim() }),
    ...(description.trim() && { extra_gated_description: description.trim() }),
    ...(prompt.trim() && { extra_gated_prompt: prompt }),
    ...(draft.euDisallowed && { extra_gated_eu_disallowed: true }),
    extra_gated_fields: draft.questions.map(fieldOf),
  };
}

/** The form as whoever asks for the model meets it. */
function Preview({ form }: { form: ModelForm }) {
  const t = text.value.questions;
  const [answers, setAnswers] = useState<Answers>({});

  return (
    <Card title={form.extra_gated_heading || t.preview}>
      <p class="soft small">{t.previewHelp}</p>
      {form.extra_gated_description && <Markdown source={form.extra_gated_description} />}
      {form.extra_gated_prompt && <Markdown source={form.extra_gated_prompt} />}
      <FormFields form={form} answers={answers} onAnswers={setAnswers} />
    </Card>
  );
}

function Texts({ draft, put }: { draft: Draft; put: (part: Partial<Draft>) => void }) {
  const t = text.value.questions;

  return (
    <details open={Boolean(draft.heading || draft.description || draft.prompt)}>
      <summary>{t.texts}</summary>
      <Field label={t.heading} value={draft.heading} onValue={(heading) => put({ heading })} />
      <Area
        label={t.description}
        hint={t.markdown}
        rows={3}
        value={draft.description}
        onValue={(description) => put({ description })}
      />
      <Area
        label={t.prompt}
        hint={t.promptHint}
        rows={3}
        value={draft.prompt}
        onValue={(prompt) => put({ prompt })}
      />
      <Check
        label={t.eu}
        hint={t.euHint}
        value={draft.euDisallowed}
        onValue={(euDisallowed) => put({ euDisallowed })}
      />
    </details>
  );
}

function Source({ found }: { found: Found }) {
  const t = text.value.questions;

  if (!found.form) return <p class="soft">{t.isNone}</p>;
  return (
    <p>
      <Badge tone="info">{found.source === "api" ? t.fromHere : t.fromCard}</Badge>{" "}
      <span class="soft">{found.source === "api" ? t.fromHereHelp : t.fromCardHelp}</span>
    </p>
  );
}

function Edit({ model, found, again }: { model: string; found: Found; again: () => void }) {
  const t = text.value.questions;
  const before = (found.form ?? null) as ModelForm | null;
  const [draft, setDraft] = useState(() => draftOf(before));
  const [isLeaving, setLeaving] = useState(false);
  const path = ofModel(model);
  const put = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const save = useAct(async () => {
    await ask("PUT /api/v1/models/{ns}/{name}/form", { path, body: formOf(draft, before) });
    toast(t.saved);
    again();
  });
  const leave = useAct(async () => {
    await ask("DELETE /api/v1/models/{ns}/{name}/form", { path });
    toast(t.wasLeft);
    again();
  });
  const { questions } = draft;
  const move = (from: number, to: number) => {
    const moved = [...questions];

    moved.splice(to, 0, ...moved.splice(from, 1));
    put({ questions: moved });
  };

  return (
    <>
      <Source found={found} />
      <Form onSend={() => void save.run()}>
        <Texts draft={draft} put={put} />
        {questions.map((one, i) => (
          <Question
            key={one.key}
            at={i}
            of={questions.length}
            question={one}
            onChange={(next) =>
              put({ questions: questions.map((other) => (other === one ? next : other)) })
            }
            onMove={(by) => move(i, i + by)}
            onRemove={() => put({ questions: questions.filter((other) => other !== one) })}
          />
        ))}
        {!questions.length && <p class="soft">{t.noneYet}</p>}
        {save.error && <ErrorState error={save.error} />}
        <div class="actions">
          <Button
            icon="plus"
            disabled={questions.length >= MOST}
            onClick={() => questions.length < MOST && put({ questions: [...questions, blank()] })}
          >
            {t.add}
          </Button>
          <Button kind="primary" type="submit" isBusy={save.isBusy}>
            {t.save}
          </Button>
          {found.source === "api" && (
            <Button kind="quiet" onClick={() => setLeaving(true)}>
              {t.leave}
            </Button>
          )}
        </div>
      </Form>
      {questions.length > 0 && <Preview form={formOf(draft, before)} />}
      {isLeaving && (
        <Confirm
          title={t.leaveTitle}
          does={t.leave}
          isBusy={leave.isBusy}
          onYes={() => void leave.run()}
          onNo={() => setLeaving(false)}
        >
          {leave.error && <ErrorState error={leave.error} />}
          <p>{t.leaveHelp}</p>
        </Confirm>
      )}
    </>
  );
}

export function Questions({ kept: model }: PartProps) {
  const t = text.value.questions;
  const asked = useAsk(
    (signal) => ask("GET /api/v1/models/{ns}/{name}/form", { path: ofModel(model.model), signal }),
    [model.model],
  );

  if (model.state === "shredded")
    return <EmptyState icon="stop" title={text.value.keptModel.isShredded} />;
  return (
    <Loaded of={asked}>
      {(found) => (
        <>
          <p class="soft">{t.intro}</p>
          <Edit
            key={`${found.source} ${found.sha256}`}
            model={model.model}
            found={found}
            again={asked.again}
          />
        </>
      )}
    </Loaded>
  );
}
