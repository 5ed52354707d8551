// SPDX-License-Identifier: Apache-2.0
// Asking for an erasure, with what it would do.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct } from "../../api/use";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Button, Note, Time } from "../../ui/basic";
import { Area, Field, Form, Select } from "../../ui/form";
import { Dialog, toast } from "../../ui/layer";
import { ErrorState } from "../../ui/state";

const MOST = 2000;

type What = Reply<"GET /api/v1/audit/erasure-preview">;

/** What would go, and what stays until when. */
export function Preview({ of }: { of: What }) {
  const t = text.value.erasures.preview;
  const rules = text.value.erasures.rules as Record<string, string>;

  return (
    <>
      {of.held && <Note tone="warn" title={t.held} />}
      <div class="scrolls" tabIndex={0} role="region" aria-label={t.title}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.rule}</th>
              <th scope="col">{t.now}</th>
              <th scope="col">{t.later}</th>
              <th scope="col">{t.kept}</th>
            </tr>
          </thead>
          <tbody>
            {(of.entries ?? []).map((one) => (
              <tr key={one.rule}>
                <th scope="row">{rules[one.rule ?? ""] ?? one.rule}</th>
                <td class="n">{number(one.now ?? 0)}</td>
                <td>
                  {number(one.later ?? 0)}
                  {one.until && (
                    <>
                      {" "}
                      {text.value.erasures.until} <Time at={one.until} kind="date" />
                    </>
                  )}
                  {one.why && <div class="soft small">{one.why}</div>}
                </td>
                <td class="n">{number((one.held ?? 0) + (one.for_good ?? 0))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

export function AskErasure({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const t = text.value.erasures;
  const [subject, setSubject] = useState("");
  const [scope, setScope] = useState<"all" | "log">("all");
  const [reason, setReason] = useState("");
  const [override, setOverride] = useState("");
  const [what, setWhat] = useState<What>();
  const look = useAct(async () =>
    setWhat(
      await ask("GET /api/v1/audit/erasure-preview", {
        query: { subject: subject.trim(), ...(override.trim() && { override: "yes" }) },
      }),
    ),
  );
  const act = useAct(async () => {
    await ask("POST /api/v1/audit/erasures", {
      body: {
        subject: subject.trim(),
        scope,
        reason: reason.trim(),
        ...(override.trim() && { override: override.trim() }),
      },
    });
    toast(t.wasAsked);
    onDone();
  });
  const error = act.error ?? look.error;

  return (
    <Dialog title={t.ask} onClose={onClose} isWide>
      <Form onSend={() => void act.run()}>
        <Field
          label={t.subject}
          value={subject}
          onValue={(value) => {
            setSubject(value);
            setWhat(undefined);
          }}
          required
          spellcheck={false}
        />
        <Select
          label={t.scope}
          value={scope}
          onValue={(value) => setScope(value as "all" | "log")}
          options={[
            ["all", t.scopes.all],
            ["log", t.scopes.log],
          ]}
        />
        <Area
          label={t.reason}
          hint={t.reasonHint}
          value={reason}
          onValue={setReason}
          rows={2}
          required
          maxLength={MOST}
        />
        <Area
          label={t.override}
          hint={t.overrideHint}
          value={override}
          onValue={setOverride}
          rows={2}
          maxLength={MOST}
        />
        {what && <Preview of={what} />}
        {error && <ErrorState error={error} />}
        <p class="actions">
          <Button icon="search" isBusy={look.isBusy} onClick={() => void look.run()}>
            {t.look}
          </Button>
          <Button kind="primary" type="submit" isBusy={act.isBusy}>
            {t.askIt}
          </Button>
        </p>
      </Form>
    </Dialog>
  );
}
