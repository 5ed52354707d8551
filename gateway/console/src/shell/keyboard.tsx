// SPDX-License-Identifier: Apache-2.0
// What the keyboard does: shown by "?" and by a button of the menu.
import { useEffect, useState } from "preact/hooks";
import { reachable } from "../pages";
import { text } from "../text/text";
import { Button } from "../ui/basic";
import { Dialog } from "../ui/layer";

/** Is the reader writing? Then letters are letters. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

function Keys({ title, rows }: { title: string; rows: Array<[keys: string[], does: string]> }) {
  return (
    <>
      <h3>{title}</h3>
      <dl class="facts">
        {rows.map(([keys, does]) => (
          <div key={does}>
            <dt>
              {keys.map((one) => (
                <>
                  <kbd key={one}>{one}</kbd>{" "}
                </>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Help({ onClose }: { onClose: () => void }) {
  const t = text.value.keyboard;

  return (
    <Dialog title={t.title} onClose={onClose}>
      <p class="soft">{t.help}</p>
      <Keys
        title={t.anywhere}
        rows={[
          [["Ctrl K"], t.palette],
          [["?"], t.thisHelp],
          [["Esc"], t.close],
        ]}
      />
      <Keys
        title={t.tables}
        rows={[
          [["↑", "↓"], t.rows],
          [["Page ↑", "Page ↓", "Home", "End"], t.steps],
          [["Enter"], t.row],
        ]}
      />
      <Keys
        title={t.pages}
        rows={reachable()
          .filter((page) => page.shortcut)
          .map((page) => [[t.then("g", page.shortcut ?? "")], page.title(text.value)])}
      />
    </Dialog>
  );
}

export function KeyboardHelp() {
  const [isOpen, setOpen] = useState(false);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "?" || isTyping(event.target) || document.querySelector("dialog[open]"))
        return;
      event.preventDefault();
      setOpen(true);
    };

    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <>
      <Button kind="quiet" icon="info" onClick={() => setOpen(true)}>
        {text.value.keyboard.open}
      </Button>
      {isOpen && <Help onClose={() => setOpen(false)} />}
    </>
  );
}
