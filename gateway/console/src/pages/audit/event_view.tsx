// SPDX-License-Identifier: Apache-2.0
// One event: what it says, its leaf in the tree, and its proof, checked by this browser.
import { useEffect, useState } from "preact/hooks";
import { Refusal, send } from "../../api/client";
import { useAsk } from "../../api/use";
import { leafHash, type Receipt, toHex } from "../../proof";
import { text } from "../../text/text";
import { Copyable, Facts, LinkButton } from "../../ui/basic";
import { Dialog } from "../../ui/layer";
import { Loaded } from "../../ui/state";
import { ReceiptCheck } from "../everybody/receipt_check";
import { eventsHref } from "./asked";

/** What a payload says of whom it concerns; an erased one says nothing. */
interface About {
  actor?: { id?: string; name?: string };
  license?: string;
  model?: string;
}

function aboutOf(receipt: Receipt): About {
  try {
    return JSON.parse((receipt.row ?? receipt).payload ?? "{}") as About;
  } catch {
    return {};
  }
}

async function receiptOf(id: string, signal: AbortSignal): Promise<Receipt> {
  const answer = await send("GET /api/v1/receipts/{id}", { path: { id }, signal });

  if (answer.status === 202) throw new Refusal(202, "NOT_YET", text.value.log.waits);
  return (await answer.json()) as Receipt;
}

function Leaf({ entry }: { entry: string }) {
  const t = text.value.auditEvents;
  const [hash, setHash] = useState("");

  useEffect(() => void leafHash(entry).then((bytes) => setHash(toHex(bytes))), [entry]);
  return (
    <Facts
      rows={[
        [t.leaf, <Copyable block label={t.leaf} value={entry} />],
        [t.leafHash, <Copyable label={t.leafHash} value={hash} />],
      ]}
    />
  );
}

function Ways({ id, receipt }: { id: string; receipt: Receipt }) {
  const t = text.value.auditEvents;
  const { actor, license, model } = aboutOf(receipt);

  return (
    <p class="actions">
      {actor?.id && (
        <LinkButton icon="person" href={eventsHref({ actor: actor.id })}>
          {t.ofActor}
        </LinkButton>
      )}
      {actor?.id && (
        <LinkButton icon="shield" href={`/audit/completeness?actor=${actor.id}`}>
          {t.wholeActor}
        </LinkButton>
      )}
      {license && (
        <LinkButton icon="license" href={eventsHref({ license })}>
          {t.ofLicense}
        </LinkButton>
      )}
      {license && (
        <LinkButton icon="shield" href={`/audit/completeness?license=${license}`}>
          {t.wholeLicense}
        </LinkButton>
      )}
      {model && (
        <LinkButton icon="model" href={eventsHref({ model })}>
          {t.ofModel}
        </LinkButton>
      )}
      <LinkButton icon="download" href={`/api/v1/receipts/${id}`} download={`receipt-${id}.json`}>
        {t.receipt}
      </LinkButton>
    </p>
  );
}

export function EventView({ id, onClose }: { id: string; onClose: () => void }) {
  const t = text.value.auditEvents;
  const one = useAsk((signal) => receiptOf(id, signal), [id]);

  return (
    <Dialog title={t.one} onClose={onClose} isWide>
      <Loaded of={one}>
        {(receipt) => (
          <>
            <Ways id={id} receipt={receipt} />
            <ReceiptCheck receipt={receipt} />
            <Leaf entry={(receipt.row ?? receipt).entry} />
          </>
        )}
      </Loaded>
    </Dialog>
  );
}
