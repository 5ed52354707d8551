// SPDX-License-Identifier: Apache-2.0
// Where the reader is. Pages write plain <a href>; a click on one of ours changes the page without
// loading the console anew.
import { computed, signal } from "@preact/signals";

const here = () => ({ path: location.pathname, search: location.search });
const place = signal(here());

export const path = computed(() => place.value.path);
export const query = computed(() => new URLSearchParams(place.value.search));

/** Go to an address of ours. `replace`: the one before is not gone back to. */
export function go(href: string, way: "push" | "replace" = "push"): void {
  const target = new URL(href, location.href);
  const samePage = target.pathname === location.pathname;

  history[way === "push" ? "pushState" : "replaceState"](null, "", target);
  place.value = here();
  if (!samePage && !target.hash) scrollTo(0, 0);
}

/** Change some of the query, and leave the page as it is; empty values are taken out. */
export function setQuery(values: Record<string, string | undefined>): void {
  const all = new URLSearchParams(location.search);

  for (const [name, value] of Object.entries(values))
    if (value) all.set(name, value);
    else all.delete(name);
  go(all.size ? `${location.pathname}?${all}` : location.pathname, "replace");
}

/** The parameters if `address` is of this pattern ("/models/:ns/:name"), else null. */
export function match(pattern: string, address: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = address.replace(/\/+$/, "").split("/");
  const found: Record<string, string> = {};

  if (wanted.length !== given.length && !(pattern === "/" && address === "/")) return null;
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? "";

    if (part.startsWith(":")) {
      if (!value) return null;
      try {
        found[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return found;
}

/** From now on links to what `isOurs` says are followed here. */
export function listen(isOurs: (path: string) => boolean): void {
  addEventListener("popstate", () => {
    place.value = here();
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest?.("a[href]") as HTMLAnchorElement | null;

    if (
      !link ||
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    if (
      link.target ||
      link.hasAttribute("download") ||
      link.origin !== location.origin ||
      !isOurs(link.pathname)
    )
      return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    go(link.href);
  });
}
