// SPDX-License-Identifier: Apache-2.0
// The log under kill -9, some hundred times.
process.env.SALLYPORT_ROUNDS ??= "300";
await import("../log_crash.test.mjs");
