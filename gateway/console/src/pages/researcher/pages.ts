// SPDX-License-Identifier: Apache-2.0
// Pages of those who work with models.
import type { Page } from "../../pages";

export const researcherPages: Page[] = [
  {
    path: "/requests",
    title: (t) => t.requests.title,
    load: () => import("./requests"),
    who: "person",
    menu: { group: "work", icon: "request" },
    shortcut: "r",
  },
  {
    path: "/requests/new",
    title: (t) => t.ask.title,
    load: () => import("./ask"),
    who: "person",
  },
  {
    path: "/requests/:id",
    title: (t) => t.requests.one,
    load: () => import("./request"),
    who: "person",
  },
  {
    path: "/licenses",
    title: (t) => t.licenses.title,
    load: () => import("./licenses"),
    who: "person",
    menu: { group: "work", icon: "license" },
    shortcut: "i",
  },
  {
    path: "/licenses/:id",
    title: (t) => t.licenses.one,
    load: () => import("./license"),
    who: "person",
  },
  {
    path: "/usage",
    title: (t) => t.usage.title,
    load: () => import("./usage"),
    who: "person",
    menu: { group: "work", icon: "chart" },
    shortcut: "u",
  },
  {
    path: "/receipts",
    title: (t) => t.receipts.title,
    load: () => import("./receipts"),
    who: "person",
    menu: { group: "work", icon: "receipt" },
    shortcut: "c",
  },
  {
    path: "/playground",
    title: (t) => t.playground.title,
    load: () => import("./playground"),
    who: "person",
    menu: { group: "work", icon: "play" },
    shortcut: "p",
  },
  {
    path: "/settings/credentials",
    title: (t) => t.credentials.title,
    load: () => import("./credentials"),
    who: "person",
    menu: { group: "me", icon: "shield" },
  },
  {
    path: "/settings/institution",
    title: (t) => t.mine.title,
    load: () => import("./institution"),
    who: "person",
    menu: { group: "me", icon: "office" },
  },
  {
    path: "/settings/data",
    title: (t) => t.myData.title,
    load: () => import("./data"),
    who: "person",
    menu: { group: "me", icon: "download" },
  },
];
