// SPDX-License-Identifier: Apache-2.0
// Parts of one page of which one is seen. Which one stands in the address (?tab=), so that it can
// be linked to.
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import { query, setQuery } from "../router";

export interface Tab {
  key: string;
  title: string;
  count?: number | undefined;
  render: () => ComponentChildren;
}

export function Tabs({ tabs, label, name = "tab" }: { tabs: Tab[]; label: string; name?: string }) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const wanted = query.value.get(name);
  const at = Math.max(
    0,
    tabs.findIndex((tab) => tab.key === wanted),
  );
  const open = tabs[at];

  const choose = (to: number) => {
    const tab = tabs[(to + tabs.length) % tabs.length];
    if (!tab) return;
    setQuery({ [name]: tab === tabs[0] ? undefined : tab.key });
    list.current?.querySelector<HTMLElement>(`[data-key="${tab.key}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
  };

  if (!open) return null;
  return (
    <div class="tabs">
      <div role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map((tab, i) => (
          <button
            key={tab.key}
            type="button"
            role="tab"
            id={`${id}-${tab.key}`}
            data-key={tab.key}
            aria-selected={i === at}
            tabIndex={i === at ? 0 : -1}
            aria-controls={`${id}-panel`}
            onClick={() => choose(i)}
          >
            {tab.title}
            {tab.count !== undefined && <span class="count">{tab.count}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${open.key}`} tabIndex={0}>
        {open.render()}
      </div>
    </div>
  );
}
