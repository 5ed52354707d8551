-- SPDX-License-Identifier: Apache-2.0
-- Can chats be written by the revision's own template? "yes", or "no: " and why (the model is run
-- all the same). NULL: it brings none, or nobody has tried it yet.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE revision ADD COLUMN chat text CHECK (length(chat) <= 600);

GRANT UPDATE (chat) ON revision TO sallyport_edge;
