// SPDX-License-Identifier: Apache-2.0
export { toBase64, toHex } from "./bytes";
export { isIncluded, leafHash, nodeHash } from "./merkle";
export { type Checkpoint, isSigned, readCheckpoint, readKey, type Signed } from "./note";
export { type Receipt, readProof, type StepResult, type Verdict, verifyReceipt } from "./receipt";
