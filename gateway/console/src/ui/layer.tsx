// SPDX-License-Identifier: Apache-2.0
// What lies above the page: dialogs and passing messages.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { text } from "../text/text";
import { Button, type Tone } from "./basic";
import { Icon } from "./icons";

interface DialogProps {
  title: string;
  children: ComponentChildren;
  /** Buttons at the end; the browser's own Escape calls `onClose`. */
  actions?: ComponentChildren;
  /** Without it the dialog cannot be closed but by what it asks for. */
  onClose?: (() => void) | undefined;
  isWide?: boolean;
}

/** The browser's modal dialog: it keeps the focus inside and gives it back when it goes. */
export function Dialog({ title, children, actions, onClose, isWide }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();

  useEffect(() => {
    const before = document.activeElement;

    const dialog = box.current;

    dialog?.showModal();
    return () => {
      dialog?.close(); // what lies behind a modal dialog takes no focus
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      class={isWide ? "wide" : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <div class="top-row">
        <h2 id={id}>{title}</h2>
        {onClose && (
          <button
            type="button"
            class="button quiet"
            onClick={onClose}
            aria-label={text.value.ui.close}
          >
            <Icon name="close" />
          </button>
        )}
      </div>
      <div class="body">{children}</div>
      {actions && <div class="actions end">{actions}</div>}
    </dialog>
  );
}

/** "Really?", with the name of what is done on the button. */
export function Confirm({
  title,
  children,
  does,
  kind = "primary",
  isBusy,
  onYes,
  onNo,
}: {
  title: string;
  children: ComponentChildren;
  does: string;
  kind?: "primary" | "danger";
  isBusy?: boolean;
  onYes: () => void;
  onNo: () => void;
}) {
  return (
    <Dialog
      title={title}
      onClose={onNo}
      actions={
        <>
          <Button onClick={onNo}>{text.value.ui.cancel}</Button>
          <Button kind={kind} isBusy={isBusy ?? false} onClick={onYes}>
            {does}
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}

interface Message {
  id: number;
  tone: Tone;
  says: string;
}

const SECONDS_SHOWN = 6;
const messages = signal<Message[]>([]);
let count = 0;

/** Say that something was done. What matters longer belongs on the page. */
export function toast(says: string, tone: Tone = "good"): void {
  const id = ++count;

  messages.value = [...messages.value, { id, tone, says }];
  setTimeout(() => {
    messages.value = messages.value.filter((one) => one.id !== id);
  }, SECONDS_SHOWN * 1000);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {messages.value.map((one) => (
        <div key={one.id} class={`toast ${one.tone}`}>
          <Icon name={one.tone === "good" ? "check" : "info"} /> {one.says}
        </div>
      ))}
    </div>
  );
}
