// SPDX-License-Identifier: Apache-2.0
// Many events, put where auditors look for them, faster than the log would number them: rows of
// two entries that are published. They are found, counted and exported as any other; the tree does
// not have them.
import { sql } from "../integration/database.mjs";

const KIND = "infer.end";
const HALF = 60_000; // rows of an entry have 65,535 places

export function fillWithEvents(gateway, count) {
	sql(
		gateway,
		`WITH made AS MATERIALIZED (
			SELECT gen_random_uuid() AS id, i, now() - i * interval '7 seconds' AS at
			FROM generate_series(0, ${count - 1}) i
		), class AS (
			INSERT INTO audit_class (kind, right_name, allow, code)
			VALUES ('${KIND}', 'infer:generate', true, 'OK') ON CONFLICT DO NOTHING
			RETURNING id
		), events AS (
			INSERT INTO audit_event (id, at, kind, actor_name, model, right_name,
				payload, nonce)
			SELECT id, at, '${KIND}', 'event ' || i, 'many/events', 'infer:generate',
				convert_to('{"n":' || i || '}', 'UTF8'), sha256('n') FROM made
		)
		INSERT INTO audit_entry
		SELECT (5 - i / ${HALF})::bigint * 65536 + ${HALF} - i % ${HALF}, id, at,
			'${KIND}', NULL, 'event ' || i, 'many/events', NULL, 'infer:generate',
			true, 'OK', NULL,
			1, 0, (SELECT id FROM class UNION ALL SELECT id FROM audit_class
				WHERE kind = '${KIND}' AND right_name = 'infer:generate' AND allow
				AND code = 'OK' LIMIT 1)
		FROM made`,
	);
	sql(gateway, "ANALYZE audit_entry, audit_event");
}
