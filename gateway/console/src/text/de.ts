// SPDX-License-Identifier: Apache-2.0
// Alles, was die Konsole sagt, auf Deutsch.
import * as admin from "./de/admin";
import * as audit from "./de/audit";
import * as credentials from "./de/credentials";
import * as criteria from "./de/criteria";
import * as deciding from "./de/deciding";
import * as everybody from "./de/everybody";
import * as issuers from "./de/issuers";
import * as keptModel from "./de/kept_model";
import * as models from "./de/models";
import * as people from "./de/people";
import * as questions from "./de/questions";
import * as renewals from "./de/renewals";
import * as researcher from "./de/researcher";
import * as shell from "./de/shell";
import * as uploading from "./de/uploading";
import * as vouching from "./de/vouching";
import type { Text } from "./text";

export const de: Text = {
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
