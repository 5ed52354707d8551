// SPDX-License-Identifier: Apache-2.0
// An act that needs a reason, which stays in the log.
import { useState } from "preact/hooks";
import { useAct } from "../../api/use";
import { text } from "../../text/text";
import { Area } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";

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
    <FormDialog title={title} does={title} act={act} onClose={onClose}>
      <Area
        label={t.reason}
        hint={t.reasonHint}
        value={reason}
        onValue={setReason}
        required
        maxLength={MOST}
      />
    </FormDialog>
  );
}
