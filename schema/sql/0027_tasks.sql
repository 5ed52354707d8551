-- SPDX-License-Identifier: Apache-2.0
-- What a revision can be asked for, where the engine runs it: generate, embed, classify, fill-mask.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE revision ADD COLUMN tasks text[] NOT NULL DEFAULT '{}'
	CHECK (cardinality(tasks) <= 16 AND array_position(tasks, NULL) IS NULL);

-- Those that were taken before this wrote texts, all of them.
UPDATE revision SET tasks = '{generate,embed}' WHERE runnable;

GRANT UPDATE (tasks) ON revision TO sallyport_edge;
