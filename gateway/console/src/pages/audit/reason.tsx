// SPDX-License-Identifier: Apache-2.0
// An act that needs a reason, which stays in the log.
import { useState } from "preact/hooks";
import { useAct } from "../../api/use";
import { text } from "../../text/text";
import { Button } from "../../ui/basic";
import { Area, Form } from "../../ui/form";
import { Dialog } from "../../ui/layer";
import { ErrorState } from "../../ui/state";

const MOST = 2000;

export function Reason({
  title,
  does,
  onClose,
}: {
  title: string;
  does: (reason: string) => Promise<void>;
  onClose: () => void;
}) {
  const t = text.value.erasures;
  const [reason, setReason] = useState("");
  const act = useAct(() => does(reason.trim()));

  return (
    <Dialog title={title} onClose={onClose}>
      <Form onSend={() => void act.run()}>
        <Area
          label={t.reason}
          hint={t.reasonHint}
          value={reason}
          onValue={setReason}
          required
          maxLength={MOST}
        />
        {act.error && <ErrorState error={act.error} />}
        <Button kind="primary" type="submit" isBusy={act.isBusy}>
          {title}
        </Button>
      </Form>
    </Dialog>
  );
}
