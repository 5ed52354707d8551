// SPDX-License-Identifier: Apache-2.0
// The one list of pages. Each area has a list of its own; a page's code comes when it is opened.
import type { ComponentType } from "preact";
import { match } from "./router";
import { me, type OfficeName, offices } from "./session";
import type { Text } from "./text/text";
import { adminPages } from "./pages/admin/pages";
import { auditPages } from "./pages/audit/pages";
import { everybodyPages } from "./pages/everybody/pages";
import { researcherPages } from "./pages/researcher/pages";
import type { IconName } from "./ui/icons";

export interface PageProps {
  /** What stands in the address in place of ":name". */
  params: Record<string, string>;
}

export interface Page {
  /** "/models/:ns/:name"; its first part must be a place of gateway/console/places.h. */
  path: string;
  title: (t: Text) => string;
  load: () => Promise<{ default: ComponentType<PageProps> }>;
  /** Who may see it: "everybody" needs no sign-in, "person" does, a list needs one of these. */
  who: "everybody" | "person" | OfficeName[];
  /** Where it stands in the menu; without it, it is reached from other pages. */
  menu?: { group: "work" | "administration" | "audit" | "me"; icon: IconName };
  /** The letter after "g" that leads there. */
  shortcut?: string;
}

export const pages: Page[] = [...everybodyPages, ...researcherPages, ...adminPages, ...auditPages];

/** May the person that is signed in see it? Nobody is asked to sign in by this. */
export function maySee(page: Page): boolean {
  if (page.who === "everybody") return true;
  if (!me.value) return false;
  return page.who === "person" || page.who.some((office) => offices.value.has(office));
}

export function findPage(path: string): { page: Page; params: Record<string, string> } | null {
  for (const page of pages) {
    const params = match(page.path, path);
    if (params) return { page, params };
  }
  return null;
}

/** What the menu leads this reader to. */
export const reachable = (): Page[] => pages.filter((page) => page.menu && maySee(page));
