// SPDX-License-Identifier: Apache-2.0
// Offices by the names that people read.
import type { OfficeName } from "../../session";
import { text } from "../../text/text";

export const OFFICES: OfficeName[] = [
  "requests:handle",
  "requests:decide",
  "licenses:manage",
  "models:manage",
  "persons:manage",
  "keys:manage",
  "safety:review",
  "audit:read",
];

export const officeName = (office: string): string => text.value.offices.names[office] ?? office;
