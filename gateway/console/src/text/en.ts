// SPDX-License-Identifier: Apache-2.0
// All that the console says, in English. One file an area stands in en/; de.ts must have the same
// keys, or the build fails.
import * as admin from "./en/admin";
import * as audit from "./en/audit";
import * as credentials from "./en/credentials";
import * as criteria from "./en/criteria";
import * as deciding from "./en/deciding";
import * as everybody from "./en/everybody";
import * as issuers from "./en/issuers";
import * as keptModel from "./en/kept_model";
import * as models from "./en/models";
import * as people from "./en/people";
import * as questions from "./en/questions";
import * as renewals from "./en/renewals";
import * as researcher from "./en/researcher";
import * as shell from "./en/shell";
import * as uploading from "./en/uploading";
import * as vouching from "./en/vouching";

export const en = {
  ...admin,
  ...audit,
  ...credentials,
  ...criteria,
  ...deciding,
  ...everybody,
  ...issuers,
  ...keptModel,
  ...models,
  ...people,
  ...questions,
  ...renewals,
  ...researcher,
  ...shell,
  ...uploading,
  ...vouching,
};
