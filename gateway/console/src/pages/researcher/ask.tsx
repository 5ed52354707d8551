// SPDX-License-Identifier: Apache-2.0
// Ask for access to a model: what it asks for, its terms signed here. The gateway keeps drafts.
import { useState } from "preact/hooks";
import { ask, ofModel, Refusal } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { go, query, setQuery } from "../../router";
import { text } from "../../text/text";
import { Button, Card, EmptyState, LinkButton, Note } from "../../ui/basic";
import { Area, Check, Checks, Form } from "../../ui/form";
import { toast } from "../../ui/layer";
import { Markdown } from "../../ui/markdown";
import { ErrorState, Loaded } from "../../ui/state";
import { type Answers, FormFields, given, type ModelForm } from "./form_fields";
import { oneRequest, type WholeRequest } from "./requests_api";
import { signStatement } from "./signing";

const RUNNING = ["infer:generate", "infer:embed", "internals:read", "adapters:write"];

/** All that the form is made of. */
async function sceneOf(model: string, draft: string, signal: AbortSignal) {
  const path = ofModel(model);
  const orNull = (error: unknown) => {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  };
  const [info, { form }, committee, request] = await Promise.all([
    ask("GET /api/models/{ns}/{name}", { path, signal }),
    ask("GET /api/v1/models/{ns}/{name}/form", { path, signal }),
    ask("GET /api/v1/models/{ns}/{name}/committee", { path, signal }).catch(orNull),
    draft ? oneRequest(draft, signal) : null,
  ]);
  const sha256 = info.sallyport.terms_sha256;
  const terms = sha256
    ? ((await ask("GET /api/v1/terms/{sha256}", { path: { sha256 }, signal })) as string)
    : null;
  const uses = [...(committee?.permitted_uses ?? []), ...(committee?.required_uses ?? [])];
  const rights = ["weights:read", ...(info.sallyport.inference ? RUNNING : [])];

  return {
    model,
    request,
    sha256,
    terms,
    rights,
    form: form as ModelForm | null,
    uses: [...new Set(uses)],
  };
}

type Scene = Awaited<ReturnType<typeof sceneOf>>;

interface Wish {
  use: string;
  rights: string[];
  uses: string[];
  answers: Answers;
}

const wishOf = (request: WholeRequest | null): Wish => ({
  use: request?.intended_use ?? "",
  rights: request?.rights ?? [],
  uses: request?.uses ?? [],
  answers: request?.fields ?? {},
});

function bodyOf(scene: Scene, wish: Wish) {
  return {
    intended_use: wish.use.trim(),
    rights: [...wish.rights].sort(),
    ...(wish.uses.length ? { uses: wish.uses } : {}),
    ...(scene.form ? { fields: given(wish.answers) } : {}),
  };
}

/** What the gateway keeps of it: its id, and when it was last changed. An edit is of that version:
 * if another tab or person changed it meanwhile, it is refused. */
interface Kept {
  id: string;
  changed: string;
}

const keptOf = ({ id = "", changed = "" }: { id?: string; changed?: string }): Kept => ({
  id,
  changed,
});

/** Keep it as a draft. */
async function save(scene: Scene, wish: Wish, { id, changed }: Kept): Promise<Kept> {
  const body = bodyOf(scene, wish);

  return keptOf(
    id
      ? await ask("PATCH /api/v1/access-requests/{id}", {
          path: { id },
          body: { ...body, changed },
        })
      : await ask("POST /api/v1/access-requests", {
          body: { ...body, model: scene.model, draft: true },
        }),
  );
}

/** Sign the terms, if there are any, and submit: its id. */
async function submit(scene: Scene, wish: Wish, { id, changed }: Kept): Promise<string> {
  const body = bodyOf(scene, wish);
  const { intended_use, rights } = body;
  const terms_sha256 = scene.sha256;
  const statement = { intended_use, model: scene.model, rights, terms_sha256 };
  const signed = terms_sha256
    ? { terms_sha256, terms_signature: await signStatement("sallyport/terms/v1", statement) }
    : {};

  if (!id) {
    const made = await ask("POST /api/v1/access-requests", {
      body: { ...body, ...signed, model: scene.model },
    });
    return made.id ?? "";
  }
  await ask("PATCH /api/v1/access-requests/{id}", {
    path: { id },
    body: { ...body, ...signed, changed },
  });
  await ask("POST /api/v1/access-requests/{id}/submit", { path: { id }, body: {} });
  return id;
}

function Terms({ scene, value, onValue }: TermsProps) {
  const t = text.value.ask;

  if (scene.terms === null) return null;
  return (
    <Card title={text.value.model.terms}>
      <div class="scrolls" tabIndex={0} role="region" aria-label={text.value.model.terms}>
        <Markdown source={scene.terms} />
      </div>
      <Check label={t.accept} hint={t.acceptHelp} value={value} onValue={onValue} required />
    </Card>
  );
}

interface TermsProps {
  scene: Scene;
  value: boolean;
  onValue: (value: boolean) => void;
}

interface WishProps {
  scene: Scene;
  wish: Wish;
  onWish: (wish: Wish) => void;
}

function What({ scene, wish, onWish }: WishProps) {
  const t = text.value.ask;

  return (
    <Card title={t.what}>
      <Area
        label={text.value.requests.use}
        hint={t.useHint}
        value={wish.use}
        onValue={(use) => onWish({ ...wish, use })}
        required
      />
      <Checks
        label={t.rights}
        value={wish.rights}
        onValue={(rights) => onWish({ ...wish, rights })}
        options={scene.rights.map((right) => [right, text.value.rights[right] ?? right, right])}
      />
      {scene.uses.length > 0 && (
        <Checks
          label={t.uses}
          value={wish.uses}
          onValue={(uses) => onWish({ ...wish, uses })}
          options={scene.uses.map((use) => [use, text.value.useNames[use] ?? use, use])}
        />
      )}
    </Card>
  );
}

function Questions({ scene, wish, onWish }: WishProps) {
  const form = scene.form;

  if (!form) return null;
  return (
    <Card title={form.extra_gated_heading ?? text.value.ask.questions}>
      {form.extra_gated_description && <p>{form.extra_gated_description}</p>}
      {form.extra_gated_prompt && <Markdown source={form.extra_gated_prompt} />}
      <FormFields
        form={form}
        answers={wish.answers}
        onAnswers={(answers) => onWish({ ...wish, answers })}
      />
    </Card>
  );
}

function Asking({ scene }: { scene: Scene }) {
  const t = text.value.ask;
  const [wish, setWish] = useState(() => wishOf(scene.request));
  const [kept, setKept] = useState<Kept>(() => keptOf(scene.request ?? {}));
  const [isAccepted, setAccepted] = useState(false);
  const saving = useAct(async () => {
    const now = await save(scene, wish, kept);
    setKept(now);
    setQuery({ draft: now.id });
    toast(t.saved);
  });
  const sending = useAct(async () => {
    if (!wish.rights.length) throw new Error(t.noRights);
    go(`/requests/${await submit(scene, wish, kept)}`);
    toast(t.sent);
  });
  const error = sending.error ?? saving.error;

  return (
    <Form onSend={() => void sending.run()}>
      <What scene={scene} wish={wish} onWish={setWish} />
      <Questions scene={scene} wish={wish} onWish={setWish} />
      <Terms scene={scene} value={isAccepted} onValue={setAccepted} />
      {error && <ErrorState error={error} />}
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={sending.isBusy}>
          {scene.terms === null ? t.send : t.signAndSend}
        </Button>
        <Button isBusy={saving.isBusy} onClick={() => void saving.run()}>
          {t.save}
        </Button>
        <span class="soft small">{t.saveHelp}</span>
      </div>
    </Form>
  );
}

export default function Ask() {
  const t = text.value.ask;
  const model = query.value.get("model") ?? "";
  // Once the draft is saved its id stands in the address; the form that is open goes on.
  const [draft] = useState(query.value.get("draft") ?? "");
  const asked = useAsk(
    (signal) => (model ? sceneOf(model, draft, signal) : Promise.resolve(null)),
    [model],
  );

  return (
    <>
      <h1>{model ? t.of(model) : t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Loaded of={asked} lines={8}>
        {(scene) =>
          scene === null ? (
            <EmptyState
              icon="model"
              title={t.noModel}
              action={<LinkButton href="/models">{text.value.requests.findModel}</LinkButton>}
            >
              {text.value.requests.noneHelp}
            </EmptyState>
          ) : scene.request && !["draft", "returned"].includes(scene.request.state) ? (
            <Note title={t.isOut}>
              <p>
                <a href={`/requests/${scene.request.id}`}>{t.seeIt}</a>
              </p>
            </Note>
          ) : (
            <Asking key={scene.model} scene={scene} />
          )
        }
      </Loaded>
    </>
  );
}
