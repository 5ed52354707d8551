// SPDX-License-Identifier: Apache-2.0
// The state of the log, checked here, and any receipt.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { type Receipt, toBase64 } from "../../proof";
import { query } from "../../router";
import { holds, me } from "../../session";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, Card, Copyable, Facts, LinkButton, Time } from "../../ui/basic";
import { Field, Form } from "../../ui/form";
import { ErrorState, Loaded } from "../../ui/state";
import { logNow } from "./log_kept";
import { Since } from "./log_since";
import { fetchReceipt, ReceiptCheck } from "./receipt_check";

const MAX_FILE = 1024 * 1024;

function Now() {
  const t = text.value.log;
  const asked = useAsk((signal) => logNow(signal));

  return (
    <Card
      title={t.now}
      actions={
        <Button kind="quiet" icon="refresh" isBusy={asked.isBusy} onClick={asked.again}>
          {text.value.errors.again}
        </Button>
      }
    >
      <div class="room log-room">
        <Loaded of={asked} lines={8}>
          {(log) => {
            const { vkey, checkpoint, signed } = log;
            return (
              <>
                <Facts
                  rows={[
                    [t.origin, checkpoint.origin],
                    [t.size, number(checkpoint.size)],
                    [t.root, <code>{toBase64(checkpoint.root)}</code>],
                    [
                      t.signature,
                      <Badge tone={signed === "good" ? "good" : signed === "bad" ? "bad" : "warn"}>
                        {t.results[signed]}
                      </Badge>,
                    ],
                    [text.value.logSince.title, <Since now={log} again={asked.again} />],
                    [t.key, <Copyable value={vkey.trim()} label={t.key} />],
                  ]}
                />
                <p class="soft small">{t.keyHelp}</p>
              </>
            );
          }}
        </Loaded>
      </div>
    </Card>
  );
}

function Witnesses() {
  const t = text.value.log;
  const asked = useAsk((signal) => ask("GET /api/v1/log/witnesses", { signal }));

  return (
    <Card title={t.witnesses}>
      <Loaded of={asked}>
        {({ witnesses = [], quorum }) =>
          witnesses.length === 0 ? (
            <p class="soft">{t.noWitnesses}</p>
          ) : (
            <>
              <ul class="steps">
                {witnesses.map((one) => (
                  <li key={one.vkey}>
                    <strong>{one.name}</strong> {t.columns.size}: {number(one.size ?? 0)},{" "}
                    <Time at={one.cosigned_at} kind="relative" />{" "}
                    {one.reason && <Badge tone="bad">{one.reason}</Badge>}
                  </li>
                ))}
              </ul>
              <p>
                {t.quorum}: {quorum}
              </p>
            </>
          )
        }
      </Loaded>
    </Card>
  );
}

function Check() {
  const t = text.value.log;
  const [id, setId] = useState(query.value.get("event") ?? "");
  const [receipt, setReceipt] = useState<Receipt>();
  const byId = useAct(async () => setReceipt(await fetchReceipt(id.trim())));
  const byFile = useAct(async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MAX_FILE) throw new Error(t.unreadable);
    setReceipt(JSON.parse(await file.text()) as Receipt);
  });
  const error = byId.error ?? byFile.error;

  return (
    <Card title={t.check}>
      <p>{t.checkHelp}</p>
      <div class="filters">
        <div class="field">
          <label for="receipt-file">{t.file}</label>
          <input
            id="receipt-file"
            type="file"
            accept=".json,application/json"
            onChange={(event) => {
              byId.forget();
              void byFile.run(event.currentTarget.files?.[0]);
            }}
          />
        </div>
        {me.value && (
          <Form
            class="filters"
            onSend={() => {
              byFile.forget();
              void byId.run();
            }}
          >
            <Field label={t.event} value={id} onValue={setId} required spellcheck={false} />
            <Button kind="primary" type="submit" isBusy={byId.isBusy}>
              {t.verify}
            </Button>
          </Form>
        )}
      </div>
      {error && <ErrorState error={error} />}
      {receipt && !error && <ReceiptCheck receipt={receipt} />}
    </Card>
  );
}

export default function Log() {
  const t = text.value.log;

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Now />
      <Check />
      {holds("audit:read") && (
        <p>
          <LinkButton icon="shield" href="/audit/verify">
            {text.value.verify.title}
          </LinkButton>
        </p>
      )}
      {holds("audit:read") && <Witnesses />}
    </>
  );
}
