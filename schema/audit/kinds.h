/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.h - the closed list of what the log tells. Class A is published in a checkpoint before
 * the act is answered; class B is durable before the first byte of the answer.
 */
#ifndef SCHEMA_AUDIT_KINDS_H
#define SCHEMA_AUDIT_KINDS_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

/* clang-format off */
#define AUDIT_KINDS(X) \
	X(GATEWAY_INIT,      "gateway.init",      A) \
	X(GATEWAY_START,     "gateway.start",     A) \
	X(LOG_CONTINUE,      "log.continue",      A) \
	X(LOG_FULL,          "log.full",          B) \
	X(LOG_ROOM,          "log.room",          B) \
	X(LOG_REBUILT,       "log.rebuilt",       B) \
	X(CLOCK_JUMP,        "clock.jump",        B) \
	X(PERSON_ADD,        "person.add",        A) \
	X(PERSON_LIMITS,     "person.limits",     A) \
	X(INSTITUTION_LIMITS, "institution.limits", A) \
	X(PERSON_SUSPEND,    "person.suspend",    A) \
	X(PERSON_REINSTATE,  "person.reinstate",  A) \
	X(PERSON_INVITE,     "person.invite",     A) \
	X(SESSION_START,     "session.start",     A) \
	X(SESSION_END,       "session.end",       A) \
	X(SESSION_REFUSE,    "session.refuse",    B) \
	X(KEY_REVOKE,        "key.revoke",        A) \
	X(INSTITUTION_ADD,   "institution.add",   A) \
	X(INSTITUTION_SUSPEND, "institution.suspend", A) \
	X(INSTITUTION_REINSTATE, "institution.reinstate", A) \
	X(INSTITUTION_CERTIFICATE, "institution.certificate", A) \
	X(INSTITUTION_UNCERTIFY, "institution.uncertify", A) \
	X(MEMBER_ADD,        "member.add",        A) \
	X(MEMBER_END,        "member.end",        A) \
	X(WORKLOAD_ADD,      "workload.add",      A) \
	X(WORKLOAD_REMOVE,   "workload.remove",   A) \
	X(PASSWORD_SET,      "password.set",      A) \
	X(DEVICE_APPROVE,    "device.approve",    A) \
	X(DEVICE_DENY,       "device.deny",       A) \
	X(OFFICE_GRANT,      "office.grant",      A) \
	X(OFFICE_REVOKE,     "office.revoke",     A) \
	X(KEY_ENROLL,        "key.enroll",        A) \
	X(APPROVER_ENROLL,   "approver.enroll",   A) \
	X(APPROVER_REMOVE,   "approver.remove",   A) \
	X(APPROVER_RULE,     "approver.rule",     A) \
	X(TOKEN_CREATE,      "token.create",      A) \
	X(TOKEN_REVOKE,      "token.revoke",      A) \
	X(CAPABILITY_CREATE, "capability.create", A) \
	X(ISSUER_ADD,        "issuer.add",        A) \
	X(ISSUER_CHANGE,     "issuer.change",     A) \
	X(ISSUER_REMOVE,     "issuer.remove",     A) \
	X(ISSUER_KEYS,       "issuer.keys",       A) \
	X(ISSUER_REVOKE,     "issuer.revoke",     A) \
	X(VISA_ADD,          "visa.add",          A) \
	X(PASSPORT_ADD,      "passport.add",      A) \
	X(VISA_ISSUE,        "visa.issue",        A) \
	X(IDENTITY_LINK,     "identity.link",     A) \
	X(IDENTITY_UNLINK,   "identity.unlink",   A) \
	X(REFEREE_ASK,       "referee.ask",       A) \
	X(REFEREE_ANSWER,    "referee.answer",    A) \
	X(VISA_REFUSE,       "visa.refuse",       A) \
	X(TERMS_ADD,         "terms.add",         A) \
	X(TERMS_VERSION,     "terms.version",     A) \
	X(TERMS_TAKE,        "terms.take",        A) \
	X(LICENSE_ACCEPT,    "license.accept",    A) \
	X(MODEL_CREATE,      "model.create",      A) \
	X(MODEL_SETTINGS,    "model.settings",    A) \
	X(MODEL_FORM,        "model.form",        A) \
	X(POLICY_DRAFT,      "policy.draft",      A) \
	X(POLICY_PROPOSE,    "policy.propose",    A) \
	X(POLICY_STAGE,      "policy.stage",      A) \
	X(POLICY_ACTIVATE,   "policy.activate",   A) \
	X(POLICY_WITHDRAW,   "policy.withdraw",   A) \
	X(POLICY_BLOCK,      "policy.block",      A) \
	X(POLICY_UNBLOCK,    "policy.unblock",    A) \
	X(KEY_CREATE,        "key.create",        A) \
	X(KEY_RESUME,        "key.resume",        A) \
	X(MODEL_COMMIT,      "model.commit",      A) \
	X(BRANCH_CREATE,     "branch.create",     A) \
	X(BRANCH_MOVE,       "branch.move",       A) \
	X(BRANCH_DELETE,     "branch.delete",     A) \
	X(TAG_CREATE,        "tag.create",        A) \
	X(TAG_DELETE,        "tag.delete",        A) \
	X(MODEL_DISABLE,     "model.disable",     A) \
	X(MODEL_ENABLE,      "model.enable",      A) \
	X(MODEL_SHRED,       "model.shred",       A) \
	X(MODEL_SERVE,       "model.serve",       A) \
	X(MODEL_PIN,         "model.pin",         A) \
	X(MODEL_UNPIN,       "model.unpin",       A) \
	X(MODEL_UNLOAD,      "model.unload",      A) \
	X(MODEL_QUANTIZE,    "model.quantize",    A) \
	X(MODEL_EXPORT,      "model.export",      A) \
	X(REQUEST_SAVE,      "request.save",      A) \
	X(REQUEST_SUBMIT,    "request.submit",    A) \
	X(REQUEST_APPROVE,   "request.approve",   A) \
	X(REQUEST_DENY,      "request.deny",      A) \
	X(REQUEST_RETURN,    "request.return",    A) \
	X(REQUEST_WITHDRAW,  "request.withdraw",  A) \
	X(REQUEST_APPEAL,    "request.appeal",    A) \
	X(REQUEST_CLOSE,     "request.close",     A) \
	X(REQUEST_REOPEN,    "request.reopen",    A) \
	X(REQUEST_COMMENT,   "request.comment",   A) \
	X(REQUEST_REMARK,    "request.remark",    A) \
	X(REQUEST_VOTE,      "request.vote",      A) \
	X(REQUEST_RECUSE,    "request.recuse",    A) \
	X(REQUEST_REVIEW,    "request.review",    A) \
	X(REQUEST_DELEGATE,  "request.delegate",  A) \
	X(REQUEST_ACCEPT,    "request.accept",    A) \
	X(REQUEST_COUNTERSIGN, "request.countersign", A) \
	X(REQUEST_REMIND,    "request.remind",    A) \
	X(REQUEST_ESCALATE,  "request.escalate",  A) \
	X(DELEGATION_END,    "delegation.end",    A) \
	X(COMMITTEE_SET,     "committee.set",     A) \
	X(CARD_ISSUE,        "card.issue",        A) \
	X(CARD_REVOKE,       "card.revoke",       A) \
	X(LICENSE_ISSUE,     "license.issue",     A) \
	X(LICENSE_REVOKE,    "license.revoke",    A) \
	X(LICENSE_SUSPEND,   "license.suspend",   A) \
	X(LICENSE_REINSTATE, "license.reinstate", A) \
	X(LICENSE_RENEW,     "license.renew",     A) \
	X(LICENSE_CLOSE,     "license.close",     A) \
	X(LICENSE_MANY,      "license.many",      A) \
	X(LICENSE_SEAT,      "license.seat",      A) \
	X(LICENSE_REMIND,    "license.remind",    B) \
	X(LICENSE_CHECKOUT,  "license.checkout",  A) \
	X(LICENSE_EXPORT,    "license.export",    A) \
	X(LICENSE_REPORT,    "license.report",    A) \
	X(LICENSE_DECLINE,   "license.decline",   A) \
	X(INSTITUTION_LICENSE, "institution.license", A) \
	X(INSTITUTION_REVOKE, "institution.revoke", A) \
	X(MODEL_RECALL,      "model.recall",      A) \
	X(MODEL_ATTEST,      "model.attest",      A) \
	X(STATUS_PUBLISH,    "status.publish",    A) \
	X(KEY_RELEASE,       "key.release",       A) \
	X(WEBHOOK_CREATE,    "webhook.create",    A) \
	X(WEBHOOK_REMOVE,    "webhook.remove",    A) \
	X(WEBHOOK_DISABLE,   "webhook.disable",   A) \
	X(DOWNLOAD_END,      "download.end",      B) \
	X(ADAPTER_CREATE,    "adapter.create",    A) \
	X(ADAPTER_COMMIT,    "adapter.commit",    A) \
	X(ADAPTER_SERVE,     "adapter.serve",     A) \
	X(ADAPTER_CHECK,     "adapter.check",     A) \
	X(ADAPTER_SUBMIT,    "adapter.submit",    A) \
	X(ADAPTER_WITHDRAW,  "adapter.withdraw",  A) \
	X(ADAPTER_APPROVE,   "adapter.approve",   A) \
	X(ADAPTER_REJECT,    "adapter.reject",    A) \
	X(ADAPTER_DELETE,    "adapter.delete",    A) \
	X(INFER_PASS,        "infer.pass",        A) \
	X(INFER_GENERATE,    "infer.generate",    B) \
	X(INFER_EMBED,       "infer.embed",       B) \
	X(INFER_INTERNALS,   "infer.internals",   B) \
	X(INFER_END,         "infer.end",         B) \
	X(DECISION_DENY,     "decision.deny",     B) \
	X(REPORT_MAKE,       "report.make",       A) \
	X(AUDIT_QUERY,       "audit.query",       B) \
	X(ERASURE_ASK,       "erasure.ask",       A) \
	X(ERASURE_REJECT,    "erasure.reject",    A) \
	X(ERASURE_OVERRIDE,  "erasure.override",  A) \
	X(ERASURE_CONFIRM,   "erasure.confirm",   A) \
	X(ERASURE_RUN,       "erasure.run",       A) \
	X(RETENTION_ASK,     "retention.ask",     A) \
	X(RETENTION_CONFIRM, "retention.confirm", A) \
	X(RETENTION_REJECT,  "retention.reject",  A) \
	X(RETENTION_RUN,     "retention.run",     A) \
	X(HOLD_PLACE,        "hold.place",        A) \
	X(HOLD_LIFT,         "hold.lift",         A) \
	X(USAGE_BATCH,       "usage.batch",       B)
/* clang-format on */

#define AUDIT_ENUM(kind, name, class) AUDIT_##kind,
enum audit_kind { AUDIT_KINDS(AUDIT_ENUM) };
#undef AUDIT_ENUM

const char *audit_kind_name(enum audit_kind kind);
bool audit_kind_is_class_a(enum audit_kind kind);

/* What a call of a model leaves: many of a second become rows of one usage.batch. A refusal does
 * not: what is looked for first has an entry of its own. */
bool audit_kind_is_usage(enum audit_kind kind);
RESULT audit_kind_parse(enum audit_kind *out, struct slice name); /* ERR_NOT_FOUND */

#endif
