// SPDX-License-Identifier: Apache-2.0
// Who may do what, as one reads it in the documentation: the only place where what is expected of
// the server is written down. Nothing here asks the server.

/** Offices of each actor; `all` is everybody whose credential is worth less than they are. */
export const offices = {
	stranger: [],
	researcher: [],
	handler: ["requests:handle"],
	decider: ["requests:handle", "requests:decide"],
	administrator: [
		"requests:handle",
		"requests:decide",
		"licenses:manage",
		"models:manage",
		"persons:manage",
		"keys:manage",
	],
	auditor: ["audit:read"],
	operator: ["keys:manage"],
	local: [], // see below
	all: [
		"requests:handle",
		"requests:decide",
		"licenses:manage",
		"models:manage",
		"persons:manage",
		"keys:manage",
		"safety:review",
		"audit:read",
	],
};

/** Who holds all offices of an administrator, but for the model that is "own" only. */
export const local = offices.administrator;

/** What stands before the person: their credential, or their own state. */
const credentials = {
	anonymous: { nobody: true },
	narrowed: { person: "all", scope: ["metadata:read"] }, // a token for looking only
	revoked: { person: "all", dead: true },
	suspended: { person: "all", suspended: true },
};

export const actors = [
	"anonymous",
	"stranger",
	"researcher",
	"handler",
	"decider",
	"administrator",
	"auditor",
	"operator",
	"local",
	"narrowed",
	"revoked",
	"suspended",
];

const about = (actor) => credentials[actor] ?? { person: actor };
const onModels = [
	"weights:read",
	"infer:generate",
	"infer:embed",
	"internals:read",
	"adapters:write",
];

/** Does this actor hold the office, and may their token use it? */
function holds(actor, office) {
	const { person, scope, nobody } = about(actor);
	return !nobody && offices[person].includes(office) && (!scope || scope.includes(office));
}

/** An office that is held for the model of the address ("... on model"), or for any. */
function holdsThere(actor, office, where, which) {
	if (actor !== "local" || !local.includes(office)) return false;
	return where === "somewhere" || (where === "on model" && which === "own");
}

/** Who is let in before anything of the request is looked at: the status of the refusal, or 0. */
function refusedAtTheDoor(actor, right, row, which) {
	const { nobody, dead, suspended, scope } = about(actor);
	const [needed, ...where] = right.split(" ");

	if (row.ignoresTokens) return 0;
	if (dead) return 401;
	if (row.asksWho && nobody) return 401;
	if (row.asksWho && suspended) return 403;
	if (needed === "public" || onModels.includes(needed)) return 0; // decided with the model
	if (nobody) return 401;
	if (suspended) return 403;
	if (scope && !scope.includes(needed)) return 403;
	if (needed === "metadata:read" || holds(actor, needed)) return 0;
	return holdsThere(actor, needed, where.join(" "), which) ? 0 : 403;
}

/** A right on a model: its license decides; the model that is "own" is licensed to these two. */
function decidedOnModel(actor, which, isHub) {
	const { nobody, suspended, scope } = about(actor);

	if (which === "missing") return nobody && isHub ? 401 : 404;
	if (nobody) return 401;
	if (suspended || scope) return 403;
	return which === "own" && actor === "researcher" ? "allowed" : 403;
}

/** Whose business is the object? The owner's, and of those who hold one of `row.sees`. */
function isTheirs(actor, which, row) {
	const bySeat = (row.sees ?? []).some((office) => holds(actor, office));
	return which === "own" || row.anybodys || bySeat;
}

/**
 * Acts of those who decide or handle a request: whoever is not one of them, for the model it is
 * about, is told so, whether there is such a request or not.
 */
function ofCommittee(actor, which, row) {
	if (holds(actor, row.actsAs)) {
		if (which === "missing") return holds(actor, row.knows ?? row.actsAs) ? 404 : 403;
		return (which === "own" && row.notOwn) || row.answers || "allowed";
	}
	const isElsewhere = holdsThere(actor, row.actsAs, "somewhere");
	return isElsewhere && which !== "own" ? 404 : 403;
}

/**
 * What a cell is expected to answer: a status, a list of them, or "allowed": whatever comes when
 * neither the door, nor the owner, nor a missing object is in the way. Where the Hub's clients ask,
 * nobody is told that a model is not there: 401.
 */
export function expected(actor, right, which, row, isHub) {
	const refused = refusedAtTheDoor(actor, right, row, which);

	if (refused) return refused;
	if (row.anyOf && !row.anyOf.some((office) => holds(actor, office))) return 403;
	if (row.always) return row.always;
	if (row.actsAs) return ofCommittee(actor, which, row);
	if (onModels.includes(right)) return decidedOnModel(actor, which, isHub);
	if (which === "none") return row.answers ?? "allowed";
	if (which === "missing") return row.missing?.(actor) ?? row.missingIs ?? 404;
	const isNeeded = row.needs && !holdsThere(actor, row.needs, "on model", which);
	if (isNeeded && !holds(actor, row.needs)) return about(actor).nobody ? 401 : 403;
	if (row.needs && about(actor).suspended) return 403;
	if (row.object === "model") return row.answers ?? "allowed";
	if (!isTheirs(actor, which, row)) return row.hiddenIs ?? 404;
	if (row.only === "owner" && which !== "own") return 403;
	if (row.asksOn && actor === "local") return 403; // it is of a model that is not theirs
	if (row.notOwn && which === "own") return row.notOwn;
	return row.answers ?? "allowed";
}

/** Is the answer what was expected? */
export function agrees(wanted, status, hasObject) {
	if (status >= 500) return false;
	if (wanted === "allowed") return ![401, 403, ...(hasObject ? [404] : [])].includes(status);
	return Array.isArray(wanted) ? wanted.includes(status) : status === wanted;
}
