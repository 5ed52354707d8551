// SPDX-License-Identifier: Apache-2.0
// Filters that auditors have saved by a name, for all of them.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Button } from "../../ui/basic";
import { Field } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { asked, eventsHref, type Filters, searchOf } from "./asked";

const NAME = "[A-Za-z0-9][A-Za-z0-9._\\-]*";

function Save({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const t = text.value.auditEvents;
  const [name, setName] = useState("");
  const act = useAct(async () => {
    const filters = asked() as Record<string, string>;
    await ask("POST /api/v1/audit/saved", { body: { name, filters } });
    toast(t.wasSaved);
    onDone();
  });

  return (
    <FormDialog title={t.save} does={t.save} act={act} onClose={onClose}>
      <Field
        label={t.saveName}
        hint={t.saveHint}
        value={name}
        onValue={setName}
        required
        pattern={NAME}
      />
    </FormDialog>
  );
}

export function Saved() {
  const t = text.value.auditEvents;
  const [isSaving, setSaving] = useState(false);
  const list = useAsk((signal) => ask("GET /api/v1/audit/saved", { signal }));
  const forget = useAct(async (name: string) => {
    await ask("DELETE /api/v1/audit/saved/{name}", { path: { name } });
    list.again();
  });

  return (
    <details>
      <summary>{t.saved}</summary>
      {forget.error && <ErrorState error={forget.error} />}
      <Loaded of={list} lines={1}>
        {({ saved = [] }) => (
          <>
            {saved.length === 0 && <p class="soft">{t.noSaved}</p>}
            <ul class="steps">
              {saved.map(({ name = "", filters, by }) => (
                <li key={name}>
                  <a href={eventsHref(filters as Filters)}>{name}</a>{" "}
                  <span class="soft small">{by}</span>{" "}
                  <Button
                    kind="quiet"
                    aria-label={t.forget(name)}
                    onClick={() => void forget.run(name)}
                  >
                    {t.forgetShort}
                  </Button>
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
      {searchOf(asked()) && (
        <p>
          <Button icon="plus" onClick={() => setSaving(true)}>
            {t.save}
          </Button>
        </p>
      )}
      {isSaving && (
        <Save
          onClose={() => setSaving(false)}
          onDone={() => {
            setSaving(false);
            list.again();
          }}
        />
      )}
    </details>
  );
}
