// SPDX-License-Identifier: Apache-2.0
export { type Bytes, fromBase64, sha256, toBase64, toHex } from "./bytes";
export { type Cell, type Column } from "./cells";
export { type Completeness, type CompleteLine, Incomplete, Walk, type Why } from "./complete";
export { isIncluded, leafHash, nodeHash } from "./merkle";
export {
  type Checkpoint,
  isSigned,
  keyFor,
  readCheckpoint,
  readKey,
  readNote,
  type Signed,
} from "./note";
export { type Receipt, readProof, type StepResult, type Verdict, verifyReceipt } from "./receipt";
export {
  type ReportDocument,
  type ReportParts,
  type ReportRow,
  type ReportStep,
  type ReportVerdict,
  verifyReport,
} from "./report";
export { type Fetch, goesOn, isStretchUnder, Tiles } from "./tiles";
export { heightAt, isConsistent, Tree } from "./tree";
