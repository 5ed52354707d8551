// SPDX-License-Identifier: Apache-2.0
// The terms of a model have changed since a license was given under them: what they say now, until
// when the old ones hold, and accepting them with a key of this browser. A new license follows.
import { useState } from "preact/hooks";
import { ask, ofModel, Refusal } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { sha256, toHex, utf8 } from "../../proof/bytes";
import { go } from "../../router";
import { text } from "../../text/text";
import { Button, Card, Note, Time } from "../../ui/basic";
import { Check, Form } from "../../ui/form";
import { toast } from "../../ui/layer";
import { Markdown } from "../../ui/markdown";
import { ErrorState } from "../../ui/state";
import type { License } from "./licenses_api";
import { oneRequest } from "./requests_api";
import { signStatement } from "./signing";

interface Documented extends License {
  document?: string;
}

interface Signed {
  terms_sha256?: string;
  request?: string;
}

const documentOf = (license: Documented): Signed => JSON.parse(license.document ?? "{}") as Signed;

/** What waits to be accepted; null: nothing does. */
async function waiting(license: Documented, signal: AbortSignal) {
  const path = ofModel(license.model);
  const orNull = (error: unknown) => {
    if (error instanceof Refusal && [403, 404].includes(error.status)) return null;
    throw error;
  };
  const info = await ask("GET /api/models/{ns}/{name}", { path, signal }).catch(orNull);
  const hash = info?.sallyport.terms_sha256;

  if (!hash || hash === documentOf(license).terms_sha256) return null;
  const [terms, { terms: versions = [] }] = await Promise.all([
    ask("GET /api/v1/terms/{sha256}", { path: { sha256: hash }, signal }) as Promise<string>,
    ask("GET /api/v1/models/{ns}/{name}/terms", { path, signal }),
  ]);

  return { hash, terms, until: versions.find((one) => one.sha256 === hash)?.accept_until };
}

/** Sign that these terms hold for the use that was asked for: the id of the new license. */
async function accept(license: Documented, hash: string): Promise<string> {
  const { request } = documentOf(license);
  const use = request ? (await oneRequest(request)).intended_use : "";
  const time = new Date().toISOString();
  const signature = await signStatement("sallyport/terms/v2", {
    v: 1,
    model: license.model,
    rights: [...license.rights].sort(),
    terms_sha256: hash,
    use_sha256: toHex(await sha256(utf8(use))),
    time,
  });
  const made = await ask("POST /api/v1/licenses/{id}/accept-terms", {
    path: { id: license.id },
    body: { terms_sha256: hash, terms_signature: { ...signature, time } },
  });

  return made.id ?? license.id;
}

export function NewTerms({ license }: { license: License }) {
  const t = text.value.newTerms;
  const [isAccepted, setAccepted] = useState(false);
  const asked = useAsk((signal) => waiting(license, signal), [license.id]);
  const act = useAct(async (hash: string) => {
    go(`/licenses/${await accept(license, hash)}`);
    toast(t.wasAccepted);
  });
  const found = asked.data;

  if (asked.error) return <ErrorState error={asked.error} again={asked.again} />;
  if (!found) return null;
  return (
    <Card title={t.title}>
      <Note tone="warn" title={license.state === "suspended" ? t.isSuspended : t.waits}>
        {found.until && license.state !== "suspended" && (
          <p>
            {t.until} <Time at={found.until} />
          </p>
        )}
      </Note>
      <div class="scrolls" tabIndex={0} role="region" aria-label={text.value.model.terms}>
        <Markdown source={found.terms} />
      </div>
      <Form onSend={() => void act.run(found.hash)}>
        <Check
          label={text.value.ask.accept}
          hint={t.help}
          value={isAccepted}
          onValue={setAccepted}
          required
        />
        {act.error && <ErrorState error={act.error} />}
        <Button kind="primary" type="submit" isBusy={act.isBusy}>
          {t.accept}
        </Button>
      </Form>
    </Card>
  );
}
