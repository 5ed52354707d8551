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
  {
    path: "/models/:ns/:name",
    title: (t) => t.models.one,
    load: () => import("./model"),
    who: "everybody",
  },
  {
    path: "/models/:name",
    title: (t) => t.models.one,
    load: () => import("./model"),
    who: "everybody",
  },
  {
    path: "/log-status",
    title: (t) => t.log.title,
    load: () => import("./log"),
    who: "everybody",
    menu: { group: "work", icon: "log" },
    shortcut: "l",
  },
  {
    path: "/tokens",
    title: (t) => t.tokens.title,
    load: () => import("./tokens"),
    who: "person",
    menu: { group: "me", icon: "token" },
    shortcut: "t",
  },
  {
    path: "/keys",
    title: (t) => t.keys.title,
    load: () => import("./keys"),
    who: "person",
    menu: { group: "me", icon: "key" },
    shortcut: "k",
  },
  {
    path: "/settings",
    title: (t) => t.sessions.title,
    load: () => import("./sessions"),
    who: "person",
    menu: { group: "me", icon: "person" },
    shortcut: "s",
  },
  {
    path: "/references/:secret",
    title: (t) => t.reference.title,
    load: () => import("./reference"),
    who: "everybody",
  },
  {
    path: "/sign-in",
    title: (t) => t.nav.signIn,
    load: () => import("./sign_in"),
    who: "everybody",
  },
];
