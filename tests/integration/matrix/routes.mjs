// SPDX-License-Identifier: Apache-2.0
// One line a route: what it is about, and what else is needed to ask it. The right it needs comes
// from schema/api/openapi.json, what follows of it from rules.mjs. README.md has the words.

// A body that no route takes: who gets 400 for it was let in, and nothing has happened.
const broken = { body: "[" };

// Families: whose business an object is, besides its owner's.
const model = { object: "model", missing: (actor) => (actor === "anonymous" ? 401 : 404) };
const change = { ...model, ...broken };
const early = { ...change, missing: () => 400 }; // the body is read before the model is looked for
const noneSuch = { ...model, path: { branch: "none", revision: "none" }, answers: 404 };
const ofModel = { object: "model", body: (name) => ({ model: name }) };
const noneOpen = { ...model, answers: 404 };
const request = { object: "request", sees: ["requests:handle", "requests:decide"] };
const decide = { object: "request", actsAs: "requests:decide", usesUp: true, notOwn: 403 };
const handle = { object: "request", actsAs: "requests:handle", notOwn: 403 };
const sendBack = { ...handle, usesUp: true, body: { reason: "x" } };
// Handlers get as far as the body.
const judge = { object: "request", actsAs: "requests:handle", knows: "requests:decide", ...broken };
const owners = { ...request, ...broken, only: "owner" };
const cards = { object: "institution", sees: ["persons:manage"], hiddenIs: 403 };
const hubList = { ...model, path: { status: "pending" } };
const unnamed = { ...request, body: {}, answers: 403 }; // who sees it, and is not named in it
const invite = { ...handle, body: { person: "nobody" }, answers: 404 };
const decision = { object: "decision", sees: ["audit:read", "licenses:manage"] };
const license = { object: "license", sees: ["licenses:manage", "audit:read"] };
const manageLicense = { ...license, ...broken, asksOn: true };
const receipt = { object: "receipt", sees: ["audit:read"] };
const token = { object: "token", usesUp: true, sees: ["persons:manage"] };
const capability = { object: "capability", usesUp: true, sees: ["persons:manage"] };
const file = { object: "model", path: { revision: "main", path: "config.json" } };
const inAddress = { always: 401, path: { capability: "nonsense", ns: "a", name: "b" } };
const upload = { always: 400, path: { capability: "nonsense" }, ignoresTokens: true };
const person = { object: "person", anybodys: true, missing: () => 400 }; // what to do is read first
const institution = { ...person, object: "institution" };
const noInstitution = { object: "token", always: 404 }; // the id is of something else
const anyPerson = { object: "person", anybodys: true };
const seen = { object: "person", sees: ["persons:manage"], answers: 200 };
const nothing = "00000000-0000-7000-8000-000000000000";
const none = { path: { id: nothing }, answers: 404 };
const adapter = { object: "adapter", sees: ["models:manage"] };
const aFile = { path: { file: "x" } };
const adapters = { ...adapter, body: {}, only: "owner" };
const reviewed = { ...adapter, body: {}, notOwn: 403, asksOn: true, answers: 409 };
const noDraft = { ...model, path: { sha256: "0".repeat(64) }, answers: 404 };
const webhook = { object: "webhook", anybodys: true };
const inference = (body) => ({ object: "served", body: (name) => ({ model: name, ...body }) });

export const routes = {
	"GET /healthz": { ignoresTokens: true },
	"GET /readyz": { ignoresTokens: true },
	"GET /metrics": {},
	"GET /openapi.json": {},
	"GET /log/vkey": { ignoresTokens: true },
	"GET /.well-known/jwks.json": {},
	"GET /log/{path}": { ignoresTokens: true, path: { path: "checkpoint" } },

	"GET /v1/models": { asksWho: true },
	"GET /v1/models/{model}": { asksWho: true, path: { model: "matrix/none" }, always: 404 },
	"POST /v1/chat/completions": inference({ messages: [{ role: "user", content: "a" }] }),
	"POST /v1/completions": inference({ prompt: "a", max_tokens: 1 }),
	"POST /tokenize": inference({ prompt: "a" }),
	"POST /detokenize": inference({ tokens: [1] }),
	"POST /v1/embeddings": inference({ input: "a" }),
	"POST /v1/internals": inference({ input: "a", read: [{ at: "hook_embed" }] }),

	"GET /api/whoami-v2": { asksWho: true },
	"GET /api/models": {},
	"GET /api/v1/engines": {},
	"PUT /api/v1/models/{ns}/{name}/pin": change,
	"PUT /api/v1/models/{ns}/{name}/quantize": { ...change, body: { quantize: "none" } },
	"DELETE /api/v1/models/{ns}/{name}/pin": { ...model, answers: 404 }, // it is not pinned
	"POST /api/v1/models/{ns}/{name}/unload": change,
	"GET /api/models/{ns}/{name}": model,
	"GET /api/models/{ns}/{name}/revision/{revision}": model,
	"GET /api/models/{ns}/{name}/tree/{revision}": model,
	"GET /api/models/{ns}/{name}/tree/{revision}/{path}": { ...model, path: { path: "docs" } },
	"POST /api/models/{ns}/{name}/paths-info/{revision}": { ...model, body: { paths: [] } },
	"GET /api/models/{ns}/{name}/refs": model,
	"GET /api/models/{ns}/{name}/commits/{revision}": model,
	"GET /api/models/{ns}/{name}/auth-check": file,
	"GET /api/models/{ns}/{name}/auth-check/write": { ...model, needs: "models:manage" },
	"HEAD /{ns}/{name}/resolve/{revision}/{path}": file,
	"GET /{ns}/{name}/resolve/{revision}/{path}": file,
	"HEAD /{ns}/{name}/raw/{revision}/{path}": file,
	"HEAD /c/{capability}/{ns}/{name}/resolve/{revision}/{path}": inAddress,
	"GET /c/{capability}/{ns}/{name}/resolve/{revision}/{path}": inAddress,
	"GET /c/{capability}/{path}": inAddress,

	"POST /api/repos/create": broken,
	"POST /api/validate-yaml": { body: { content: "" } },
	"PUT /api/models/{ns}/{name}/settings": change,
	"GET /api/models/{ns}/{name}/user-access-request/{status}": hubList,
	"POST /api/models/{ns}/{name}/user-access-request/handle": change,
	"POST /api/models/{ns}/{name}/user-access-request/batch": change,
	"POST /api/models/{ns}/{name}/user-access-request/grant": change,
	"POST /api/models/{ns}/{name}/user-access-request/cancel": noneOpen,
	"GET /{ns}/{name}/user-access-report": model,
	"POST /{ns}/{name}/ask-access": change,
	"POST /api/models/{ns}/{name}/preupload/{revision}": early,
	"POST /api/models/{ns}/{name}/commit/{revision}": change,
	"POST /{ns}/{name}/info/lfs/objects/batch": early,
	"POST /{ns}/{name}/info/lfs/objects/verify": early,
	"PUT /upload/{capability}": upload,
	"HEAD /upload/{capability}": upload,
	"POST /upload/{capability}": upload,
	"POST /api/models/{ns}/{name}/branch/{branch}": early,
	"DELETE /api/models/{ns}/{name}/branch/{branch}": noneSuch,
	"POST /api/models/{ns}/{name}/tag/{revision}": early,
	"DELETE /api/models/{ns}/{name}/tag/{revision}": noneSuch,

	"POST /api/v1/imports": broken,
	"POST /api/v1/terms": { body: "" },
	"GET /api/v1/terms/{sha256}": { path: { sha256: "0".repeat(64) }, answers: 404 },
	"GET /api/v1/models": {},
	"GET /api/v1/models/{ns}/{name}": model,
	"GET /api/v1/models/{ns}/{name}/form": model,
	"GET /api/v1/models/{ns}/{name}/adapters": model,
	"POST /api/v1/models/{ns}/{name}/adapters": change,
	"GET /api/v1/adapters/{id}": adapter,
	"DELETE /api/v1/adapters/{id}": { ...adapter, usesUp: true },
	"PUT /api/v1/adapters/{id}/files/{file}": { ...adapters, ...aFile, answers: 403 },
	"POST /api/v1/adapters/{id}/validate": { ...adapters, answers: 403 }, // no license there
	"POST /api/v1/adapters/{id}/submit": { ...adapters, answers: 409 }, // it is not checked
	"POST /api/v1/adapters/{id}/withdraw": { ...adapters, answers: 409 },
	"POST /api/v1/adapters/{id}/approve": reviewed,
	"POST /api/v1/adapters/{id}/reject": reviewed,
	"GET /api/v1/models/{ns}/{name}/criteria": { ...model, answers: [200, 404] },
	"POST /api/v1/models/{ns}/{name}/criteria": change,
	"GET /api/v1/models/{ns}/{name}/criteria/versions": model,
	"POST /api/v1/models/{ns}/{name}/criteria/{sha256}/propose": noDraft,
	"POST /api/v1/models/{ns}/{name}/criteria/{sha256}/activate": noDraft,
	"POST /api/v1/models/{ns}/{name}/criteria/{sha256}/withdraw": noDraft,
	"POST /api/v1/models/{ns}/{name}/criteria/check": change,
	"POST /api/v1/models/{ns}/{name}/criteria/test": change,
	"POST /api/v1/models/{ns}/{name}/criteria/try": change,
	"GET /api/v1/blocklist": {},
	"POST /api/v1/blocklist": broken,
	"DELETE /api/v1/blocklist/{id}": none,
	"GET /api/v1/models/{ns}/{name}/blocklist": model,
	"POST /api/v1/models/{ns}/{name}/blocklist": change,
	"DELETE /api/v1/models/{ns}/{name}/blocklist/{id}": { ...model, ...none },
	"POST /api/v1/policy/replay": broken,
	"POST /api/v1/policy/replay/decisions": broken,
	"GET /api/v1/transparency": {},
	"GET /transparency": {},
	"PUT /api/v1/models/{ns}/{name}/form": change,
	"DELETE /api/v1/models/{ns}/{name}/form": model,
	"POST /api/v1/models/{ns}/{name}/disable": change,
	"POST /api/v1/models/{ns}/{name}/enable": change,
	"POST /api/v1/models/{ns}/{name}/shred": change,
	"GET /api/v1/models/{ns}/{name}/sealed/{revision}/{path}": { ...model, ...file },
	"GET /api/v1/models/{ns}/{name}/receipt/{revision}": { object: "model" },

	"POST /api/v1/persons": broken,
	"GET /api/v1/persons": {},
	"GET /api/v1/persons/{id}": anyPerson,
	"GET /api/v1/offices": {},
	"POST /api/v1/persons/{id}/offices": { ...person, ...broken },
	"DELETE /api/v1/persons/{id}/offices": { ...person, answers: 400 },
	"POST /api/v1/persons/{id}/invitation": anyPerson,
	"POST /api/v1/persons/{id}/tokens": { ...person, ...broken },
	"GET /api/v1/persons/{id}/tokens": { ...anyPerson, missing: () => 200 }, // an empty list
	"POST /api/v1/sessions": broken,
	"GET /api/v1/sessions": {},
	"DELETE /api/v1/sessions": { asksWho: true, always: 400 }, // a token is no session
	"GET /api/v1/sessions/current": { asksWho: true },
	"DELETE /api/v1/sessions/{id}": { object: "token", always: 404 },
	"PUT /api/v1/password": broken,
	"POST /api/v1/persons/{id}/suspend": { ...person, ...broken },
	"POST /api/v1/persons/{id}/reinstate": { ...person, ...broken },
	"POST /api/v1/keys/{id}/revoke": { object: "token", ...broken, always: 400 },
	"POST /api/v1/institutions": broken,
	"GET /api/v1/institutions": {},
	"GET /api/v1/institutions/{id}": noInstitution,
	"POST /api/v1/institutions/{id}/suspend": noInstitution,
	"POST /api/v1/institutions/{id}/reinstate": noInstitution,
	"POST /api/v1/institutions/{id}/members": { object: "token", ...broken, always: 400 },
	"DELETE /api/v1/institutions/{id}/members/{person}": {
		...noInstitution,
		path: { person: "00000000-0000-7000-8000-000000000001" },
	},
	"GET /api/v1/oidc": {},
	"POST /oauth/device": {},
	"POST /api/v1/workloads": broken,
	"GET /api/v1/workloads": {},
	"DELETE /api/v1/workloads/{id}": noInstitution,
	"POST /oauth/token": { body: "x=y", answers: 400 },
	"GET /device": {},
	"POST /device": { body: "user_code=x", asksWho: true, answers: 400 },
	"POST /api/v1/device/approve": broken,
	"GET /api/v1/oidc/{provider}/start": { path: { provider: "none" }, always: 404 },
	"GET /api/v1/oidc/{provider}/callback": { path: { provider: "none" }, always: 404 },
	"POST /api/v1/issuers": broken,
	"GET /api/v1/issuers": {},
	"DELETE /api/v1/issuers": { query: "iss=https%3A%2F%2Fnone.example" },
	"POST /api/v1/issuers/refresh": broken,
	"POST /api/v1/issuers/revoke-key": broken,
	"GET /api/v1/persons/{id}/identities": seen,
	"POST /api/v1/persons/{id}/identities": { ...person, ...broken },
	"DELETE /api/v1/persons/{id}/identities": { ...person, answers: 400 },
	"GET /api/v1/persons/{id}/referees": {
		...seen,
		sees: ["persons:manage", "requests:decide"],
	},
	"POST /api/v1/persons/{id}/referees": { ...person, ...broken },
	"POST /api/v1/referees/{id}/link": { object: "person", anybodys: true, answers: 404 },
	"GET /api/v1/references/{secret}": { path: { secret: "nonsense" }, always: 404 },
	"POST /api/v1/references/{secret}": { path: { secret: "nonsense" }, ...broken },
	"POST /api/v1/passports": broken,
	"POST /api/v1/passports/exchange": broken,
	"POST /api/v1/licenses/{id}/accept-terms": { ...license, ...broken },
	"GET /api/v1/models/{ns}/{name}/terms": model,
	"POST /api/v1/models/{ns}/{name}/terms": change,
	"GET /api/v1/approvers": {},
	"POST /api/v1/approvers": broken,
	"POST /api/v1/approvers/remove": broken,
	"PUT /api/v1/approvers/rule": broken,
	"POST /api/v1/keys": broken,
	"GET /api/v1/keys": {},
	"POST /api/v1/tokens": broken,
	"GET /api/v1/tokens": {},
	"DELETE /api/v1/tokens/{id}": token,
	"POST /api/v1/capabilities": { ...ofModel, asksWho: true },
	"GET /api/v1/capabilities": {},
	"DELETE /api/v1/capabilities/{id}": capability,
	"POST /api/v1/visas": broken,
	"GET /api/v1/visas": {},

	"POST /api/v1/access-requests": broken,
	"GET /api/v1/access-requests": {},
	"GET /api/v1/access-requests/counts": {},
	"POST /api/v1/access-requests/decide": broken,
	"GET /api/v1/access-requests/{id}": { ...request, answers: 200 },
	"PUT /api/v1/access-requests/{id}": owners,
	"PATCH /api/v1/access-requests/{id}": owners,
	"POST /api/v1/access-requests/{id}/submit": owners,
	"POST /api/v1/access-requests/{id}/vote": { ...decide, body: { vote: "approve" } },
	"POST /api/v1/access-requests/{id}/approve": { ...decide, body: {} },
	"POST /api/v1/access-requests/{id}/statement": { ...decide, usesUp: false, body: {} },
	"POST /api/v1/access-requests/{id}/deny": { ...decide, body: { reason: "x" } },
	"POST /api/v1/access-requests/{id}/return": sendBack,
	"POST /api/v1/access-requests/{id}/close": { ...handle, body: {} },
	"POST /api/v1/access-requests/{id}/withdraw": owners,
	"POST /api/v1/access-requests/{id}/appeal": owners,
	"POST /api/v1/access-requests/{id}/comments": { ...request, ...broken },
	"POST /api/v1/access-requests/{id}/recuse": judge,
	"POST /api/v1/access-requests/{id}/delegate": judge,
	"POST /api/v1/access-requests/{id}/reviewers": invite,
	"POST /api/v1/access-requests/{id}/accept": unnamed,
	"POST /api/v1/access-requests/{id}/countersign": unnamed,
	"POST /api/v1/delegations": broken,
	"GET /api/v1/delegations": {},
	"DELETE /api/v1/delegations/{id}": { object: "delegation", usesUp: true },
	"GET /api/v1/uses": {},
	"GET /api/v1/models/{ns}/{name}/committee": model,
	"PUT /api/v1/models/{ns}/{name}/committee": change,
	"GET /api/v1/institutions/{id}/library-cards": cards,
	"POST /api/v1/institutions/{id}/library-cards": {
		...cards,
		sees: [],
		body: { person: "nobody" },
		answers: 404,
	},
	"DELETE /api/v1/institutions/{id}/library-cards/{card}": {
		...cards,
		path: { card: "01a20293-079e-7826-b4a9-23bdc767a65a" },
		answers: 404,
	},

	"GET /api/v1/licenses": {},
	"POST /api/v1/licenses/{id}/statement": manageLicense,
	"GET /api/v1/licenses/{id}": { ...license, answers: 200 },
	"POST /api/v1/licenses/{id}/revoke": manageLicense,
	"POST /api/v1/licenses/{id}/suspend": manageLicense,
	"POST /api/v1/licenses/{id}/visa": { ...license, ...broken, sees: [] },
	"POST /api/v1/licenses/{id}/reinstate": manageLicense,
	"POST /api/v1/licenses/{id}/renew": { ...license, usesUp: true, body: {}, notOwn: 403 },
	"POST /api/v1/licenses/{id}/renewal-request": { ...license, ...broken },
	"GET /api/v1/renewals": {},
	"POST /api/v1/renewals/{id}/grant": none,
	"POST /api/v1/renewals/{id}/deny": none,
	"POST /api/v1/licenses/{id}/close": { ...license, ...broken },
	"POST /api/v1/licenses/{id}/checkout": { ...license, ...broken, only: "owner" },
	"GET /api/v1/licenses/{id}/sd-jwt": { ...license, only: "owner" },
	"GET /api/v1/status/licenses": {},
	"GET /api/v1/status/licenses/{list}": { path: { list: "99" }, answers: 404 },
	"GET /.well-known/jwt-vc-issuer": {},
	"POST /api/v1/licenses/preview": broken,
	"POST /api/v1/licenses/withdraw": broken,
	"GET /api/v1/institution-licenses": {},
	"POST /api/v1/institution-licenses": broken,
	"GET /api/v1/institution-licenses/{id}": none,
	"POST /api/v1/institution-licenses/{id}/members": none,
	"DELETE /api/v1/institution-licenses/{id}/members/{person}": {
		...none,
		path: { id: nothing, person: "x" },
	},
	"POST /api/v1/institution-licenses/{id}/revoke": none,
	"POST /api/v1/institution-licenses/{id}/suspend": none,
	"POST /api/v1/institution-licenses/{id}/reinstate": none,
	"POST /api/v1/models/{ns}/{name}/revisions/{revision}/recall": early,
	"GET /api/v1/recalls": {},
	"GET /api/v1/recalls/{id}": none,
	"POST /api/v1/recalls/{id}/attest": { ...none, ...broken, answers: 400 },

	"GET /api/v1/explain": { query: "model=matrix%2Fopen&right=weights%3Aread" },
	"GET /api/v1/decisions/{id}": { ...decision, answers: 200 },
	"GET /api/v1/usage": {},
	"POST /api/v1/webhooks": broken,
	"GET /api/v1/webhooks": {},
	"GET /api/v1/webhooks/{id}": webhook,
	"DELETE /api/v1/webhooks/{id}": { ...webhook, usesUp: true },
	"GET /api/v1/notifications": {},
	"PUT /api/v1/notifications": broken,
	"GET /api/v1/persons/{id}/limits": { object: "person", anybodys: true },
	"PUT /api/v1/persons/{id}/limits": { ...person, ...broken },
	"PUT /api/v1/institutions/{id}/certificate": { object: "token", ...broken, always: 400 },
	"GET /api/v1/institutions/{id}/certificate": noInstitution,
	"DELETE /api/v1/institutions/{id}/certificate": noInstitution,
	"GET /api/v1/institutions/{id}/limits": { ...institution, missing: () => 404 },
	"PUT /api/v1/institutions/{id}/limits": { ...institution, ...broken },
	"GET /api/v1/audit/events": {},
	"GET /api/v1/audit/summary": { query: "by=kind" },
	"GET /api/v1/audit/live": { query: "from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z" },
	"GET /api/v1/audit/export": { query: "format=csv&kind=license.revoke" },
	"GET /api/v1/audit/completeness": { answers: 400 },
	"POST /api/v1/audit/saved": broken,
	"GET /api/v1/audit/saved": {},
	"DELETE /api/v1/audit/saved/{name}": { path: { name: "none" }, answers: 404 },
	"GET /api/v1/reports": {},
	"POST /api/v1/reports/{report}": { path: { report: "downloads" }, ...broken },
	"GET /api/v1/reports/{report}": { path: { report: "none" }, answers: 404 },
	"POST /api/v1/audit/erasures": broken,
	"GET /api/v1/audit/erasures": { anyOf: ["persons:manage", "audit:read"] },
	"GET /api/v1/audit/erasures/{id}": { ...none, anyOf: ["persons:manage", "audit:read"] },
	"POST /api/v1/audit/erasures/{id}/confirm": none,
	"POST /api/v1/audit/erasures/{id}/reject": none,
	"GET /api/v1/audit/erasure-preview": { query: "subject=nobody.here", answers: 404 },
	"POST /api/v1/audit/holds": broken,
	"GET /api/v1/audit/holds": { anyOf: ["persons:manage", "audit:read"] },
	"POST /api/v1/audit/holds/{id}/lift": { ...none, body: { reason: "x" } },
	"GET /api/v1/audit/retention": {},
	"GET /api/v1/receipts": {},
	"GET /api/v1/log/witnesses": {},
	"GET /api/v1/receipts/{id}": { ...receipt, answers: [200, 202] },
};
