// SPDX-License-Identifier: Apache-2.0
// Pages of those who hold an office, under /admin.
import type { Page } from "../../pages";

export const adminPages: Page[] = [
  {
    path: "/admin/requests",
    title: (t) => t.queue.title,
    load: () => import("./queue"),
    who: ["requests:decide", "requests:handle"],
    menu: { group: "administration", icon: "inbox" },
    shortcut: "q",
  },
  {
    path: "/admin/requests/:id",
    title: (t) => t.review.title,
    load: () => import("./review"),
    who: ["requests:decide", "requests:handle"],
  },
  {
    path: "/admin/appeals",
    title: (t) => t.appeals.title,
    load: () => import("./appeals"),
    who: ["requests:decide", "requests:handle"],
    menu: { group: "administration", icon: "refresh" },
  },
  {
    path: "/admin/delegations",
    title: (t) => t.delegations.title,
    load: () => import("./delegations"),
    who: ["requests:decide"],
    menu: { group: "administration", icon: "out" },
  },
  {
    path: "/admin/licenses",
    title: (t) => t.allLicenses.title,
    load: () => import("./licenses"),
    who: ["licenses:manage"],
    menu: { group: "administration", icon: "license" },
  },
  {
    path: "/admin/licenses/:id",
    title: (t) => t.allLicenses.one,
    load: () => import("./license"),
    who: ["licenses:manage"],
  },
  {
    path: "/admin/people",
    title: (t) => t.people.title,
    load: () => import("./people"),
    who: ["persons:manage"],
    menu: { group: "administration", icon: "people" },
    shortcut: "u",
  },
  {
    path: "/admin/people/:id",
    title: (t) => t.person.title,
    load: () => import("./person"),
    who: ["persons:manage"],
  },
  {
    path: "/admin/offices",
    title: (t) => t.offices.title,
    load: () => import("./offices"),
    who: ["persons:manage"],
    menu: { group: "administration", icon: "shield" },
  },
  {
    path: "/admin/institutions",
    title: (t) => t.institutions.title,
    load: () => import("./institutions"),
    who: ["persons:manage"],
    menu: { group: "administration", icon: "office" },
  },
  {
    path: "/admin/institutions/:id",
    title: (t) => t.institutions.one,
    load: () => import("./institution"),
    who: ["persons:manage"],
  },
  {
    path: "/admin/models",
    title: (t) => t.allModels.title,
    load: () => import("./models"),
    who: ["models:manage"],
    menu: { group: "administration", icon: "model" },
  },
  {
    path: "/admin/criteria",
    title: (t) => t.editor.title,
    load: () => import("./criteria"),
    who: ["models:manage"],
    menu: { group: "administration", icon: "policy" },
  },
  {
    path: "/admin/health",
    title: (t) => t.health.title,
    load: () => import("./health"),
    who: ["models:manage", "keys:manage", "persons:manage"],
    menu: { group: "administration", icon: "health" },
  },
];
