// SPDX-License-Identifier: Apache-2.0
// Signing in: a password, a code from an invitation, or an identity provider. It stands in place of
// the page that was asked for, so that the way there needs no remembering.
import { useState } from "preact/hooks";
import { ask, Refusal } from "../api/client";
import { useAct, useAsk } from "../api/use";
import { path } from "../router";
import { findMe } from "../session";
import { text } from "../text/text";
import { Button, Card, LinkButton, Note } from "../ui/basic";
import { Field, Form } from "../ui/form";
import { ErrorState } from "../ui/state";

type Way = "password" | "code";

const MIN_PASSWORD = 12;

function Providers() {
  const found = useAsk((signal) => ask("GET /api/v1/oidc", { signal }));
  const t = text.value.signIn;
  const back = encodeURIComponent(path.value + location.search);
  const list = (found.data?.providers ?? []) as Array<{ name: string; title: string }>;

  if (!list.length) return null;
  return (
    <>
      <p class="or">
        <span>{t.or}</span>
      </p>
      {list.map((one) => (
        <LinkButton
          key={one.name}
          icon="out"
          href={`/api/v1/oidc/${encodeURIComponent(one.name)}/start?back=${back}`}
        >
          {t.withProvider(one.title)}
        </LinkButton>
      ))}
    </>
  );
}

function Failure({ error }: { error: Refusal | undefined }) {
  if (!error) return null;
  if (error.status !== 401) return <ErrorState error={error} />;
  return <Note tone="bad">{text.value.signIn.wrong}</Note>;
}

export function SignInForm() {
  const [way, setWay] = useState<Way>("password");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const t = text.value.signIn;
  const isCode = way === "code";
  const send = useAct(async () => {
    await ask("POST /api/v1/sessions", {
      body: isCode ? { code: code.trim(), password } : { name: name.trim(), password },
    });
    await findMe();
  });

  return (
    <div class="sign-in">
      <Form onSend={() => void send.run()}>
        <Failure error={send.error} />
        {isCode ? (
          <Field
            label={t.code}
            hint={t.codeHint}
            value={code}
            onValue={setCode}
            required
            autoComplete="one-time-code"
            spellcheck={false}
          />
        ) : (
          <Field
            label={t.name}
            value={name}
            onValue={setName}
            required
            autoComplete="username"
            autoCapitalize="none"
            spellcheck={false}
          />
        )}
        <Field
          type="password"
          label={isCode ? t.newPassword : t.password}
          hint={isCode ? t.newPasswordHint : undefined}
          value={password}
          onValue={setPassword}
          required
          minLength={isCode ? MIN_PASSWORD : undefined}
          autoComplete={isCode ? "new-password" : "current-password"}
        />
        <Button kind="primary" type="submit" isBusy={send.isBusy}>
          {t.submit}
        </Button>
        <Button
          kind="quiet"
          onClick={() => {
            setWay(isCode ? "password" : "code");
            send.forget();
          }}
        >
          {isCode ? t.withPassword : t.withCode}
        </Button>
      </Form>
      <Providers />
    </div>
  );
}

export function SignInPage() {
  const t = text.value.signIn;

  return (
    <div class="narrow">
      <h1>{t.title}</h1>
      <Card>
        <SignInForm />
      </Card>
      <p class="soft">{t.noAccount}</p>
    </div>
  );
}
