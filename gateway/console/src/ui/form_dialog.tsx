// SPDX-License-Identifier: Apache-2.0
// A form in a dialog: what it asks for, why it was refused, and the one button that sends it.
import type { ComponentChildren } from "preact";
import type { Act } from "../api/use";
import { Button } from "./basic";
import { Form } from "./form";
import { Dialog } from "./layer";
import { ErrorState } from "./state";

interface FormDialogProps {
  title: string;
  /** What is said on the button that sends it. */
  does: string;
  kind?: "primary" | "danger";
  /** Something that is no field is yet to be chosen while this is false. */
  isReady?: boolean;
  act: Act<[]>;
  onClose: () => void;
  children: ComponentChildren;
}

export function FormDialog({
  title,
  does,
  kind = "primary",
  isReady = true,
  act,
  onClose,
  children,
}: FormDialogProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <Form onSend={() => void act.run()}>
        {act.error && <ErrorState error={act.error} />}
        {children}
        <Button kind={kind} type="submit" isBusy={act.isBusy} disabled={!isReady}>
          {does}
        </Button>
      </Form>
    </Dialog>
  );
}
