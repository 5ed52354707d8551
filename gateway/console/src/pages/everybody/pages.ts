// SPDX-License-Identifier: Apache-2.0
// Pages that are there for whoever comes, or for everybody who has signed in.
import type { Page } from "../../pages";

export const everybodyPages: Page[] = [
  {
    path: "/",
    title: (t) => t.nav.home,
    load: () => import("./home"),
    who: "person",
    menu: { group: "work", icon: "home" },
    shortcut: "h",
  },
  {
    path: "/models",
    title: (t) => t.nav.models,
    load: () => import("./catalogue"),
    who: "everybody",
    menu: { group: "work", icon: "model" },
    shortcut: "m",
  },
];
