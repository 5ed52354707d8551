// SPDX-License-Identifier: Apache-2.0
// Pages of those who work with models.
import type { Page } from "../../pages";

export const researcherPages: Page[] = [];
