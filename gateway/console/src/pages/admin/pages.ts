// SPDX-License-Identifier: Apache-2.0
// Pages of those who hold an office, under /admin.
import type { Page } from "../../pages";

export const adminPages: Page[] = [];
