// SPDX-License-Identifier: Apache-2.0
// Ctrl+K: go to a page by a part of its name; and "g", then a letter.
import { useEffect, useState } from "preact/hooks";
import { type Page, reachable } from "../pages";
import { go } from "../router";
import { text } from "../text/text";
import { Icon } from "../ui/icons";
import { Dialog } from "../ui/layer";
import { isTyping } from "./keyboard";

const CHORD_MS = 1200;

function List({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const t = text.value;
  const found = reachable().filter((page) =>
    page.title(t).toLowerCase().includes(typed.trim().toLowerCase()),
  );
  const open = (page: Page | undefined) => {
    if (!page) return;
    onClose();
    go(page.path);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];

    if (event.key === "Enter") open(found[at]);
    else if (way && found.length) setAt((at + way + found.length) % found.length);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog title={t.palette.title} onClose={onClose}>
      <input
        type="text"
        role="combobox"
        aria-label={t.palette.title}
        autoFocus
        aria-expanded="true"
        aria-controls="palette-list"
        aria-describedby="palette-hint"
        aria-activedescendant={found[at] ? `palette-${at}` : undefined}
        value={typed}
        onKeyDown={onKeyDown}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
      />
      <p class="hint" id="palette-hint">
        {t.palette.hint}
      </p>
      <div role="listbox" id="palette-list" class="palette" aria-label={t.palette.title}>
        {found.map((page, i) => (
          <div
            key={page.path}
            id={`palette-${i}`}
            role="option"
            aria-selected={i === at}
            onClick={() => open(page)}
          >
            <Icon name={page.menu?.icon ?? "right"} /> {page.title(t)}
            {page.shortcut && <kbd>{t.palette.keys(page.shortcut)}</kbd>}
          </div>
        ))}
      </div>
      {found.length === 0 && <p role="status">{t.palette.none}</p>}
    </Dialog>
  );
}

export function Palette() {
  const [isOpen, setOpen] = useState(false);
  const t = text.value.nav;

  useEffect(() => {
    let chordUntil = 0;
    const onKeyDown = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOpen(true);
        return;
      }
      if (
        isTyping(event.target) ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        document.querySelector("dialog[open]")
      )
        return;
      if (event.key === "g") {
        chordUntil = event.timeStamp + CHORD_MS;
        return;
      }
      const page =
        event.timeStamp < chordUntil
          ? reachable().find((one) => one.shortcut === event.key)
          : undefined;
      chordUntil = 0;
      if (page) go(page.path);
    };

    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <>
      <button type="button" class="button palette-button" onClick={() => setOpen(true)}>
        <Icon name="search" /> <span>{t.command}</span> <kbd>Ctrl K</kbd>
      </button>
      {isOpen && <List onClose={() => setOpen(false)} />}
    </>
  );
}
