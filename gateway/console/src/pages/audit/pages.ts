// SPDX-License-Identifier: Apache-2.0
// Pages of auditors, under /audit.
import type { Page } from "../../pages";

export const auditPages: Page[] = [
  {
    path: "/audit/events",
    title: (t) => t.auditEvents.title,
    load: () => import("./events"),
    who: ["audit:read"],
    menu: { group: "audit", icon: "search" },
    shortcut: "e",
  },
  {
    path: "/audit/live",
    title: (t) => t.auditLive.title,
    load: () => import("./live"),
    who: ["audit:read"],
    menu: { group: "audit", icon: "play" },
    shortcut: "o",
  },
  {
    path: "/audit/charts",
    title: (t) => t.auditCharts.title,
    load: () => import("./charts"),
    who: ["audit:read"],
    menu: { group: "audit", icon: "chart" },
    shortcut: "d",
  },
  {
    path: "/audit/verify",
    title: (t) => t.verify.title,
    load: () => import("./verify"),
    who: ["audit:read"],
    menu: { group: "audit", icon: "shield" },
    shortcut: "v",
  },
  {
    path: "/audit/completeness",
    title: (t) => t.completeness.title,
    load: () => import("./completeness"),
    who: ["audit:read"],
    menu: { group: "audit", icon: "check" },
    shortcut: "n",
  },
  {
    path: "/audit/reports",
    title: (t) => t.reports.title,
    load: () => import("./reports"),
    who: ["audit:read"],
    menu: { group: "audit", icon: "receipt" },
    shortcut: "s",
  },
  {
    path: "/audit/erasures",
    title: (t) => t.erasures.title,
    load: () => import("./erasures"),
    who: ["audit:read", "persons:manage"],
    menu: { group: "audit", icon: "clock" },
    shortcut: "x",
  },
  {
    path: "/audit/reports/:id",
    title: (t) => t.reports.one,
    load: () => import("./report"),
    who: ["audit:read"],
  },
];
