// SPDX-License-Identifier: Apache-2.0
// Pages of auditors, under /audit.
import type { Page } from "../../pages";

export const auditPages: Page[] = [];
