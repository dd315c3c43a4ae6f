-- What the commands ask for without reading every row, and what pruning and thinning remember.
-- A state that is no word of this program may be one in flight: it is found with those that are.
CREATE INDEX intents_in_flight ON intents (created_ms, id)
    WHERE state NOT IN ('planned', 'approved', 'simulated', 'mined', 'failed', 'reconciled');
DROP INDEX intents_unresolved;
CREATE INDEX intents_by_state ON intents (state, created_ms, id);
CREATE INDEX transactions_by_state ON transactions (state, nonce);
CREATE INDEX transactions_unreadable ON transactions (id)
    WHERE state NOT IN ('leased', 'signed', 'sent', 'mined', 'failed', 'dropped', 'unknown');
CREATE INDEX positions_by_time ON positions (kind, opened_ms, id);
CREATE INDEX positions_open ON positions (kind, opened_ms, id) WHERE closed_ms IS NULL;
CREATE INDEX orders_open ON orders (row) WHERE state NOT IN ('filled', 'cancelled');
CREATE INDEX events_by_kind ON events (kind, id);
-- The other ends of references: without them every deletion reads the whole table.
CREATE INDEX events_by_intent ON events (intent) WHERE intent IS NOT NULL;
CREATE INDEX positions_by_opening ON positions (opened_by) WHERE opened_by IS NOT NULL;
CREATE INDEX positions_by_closing ON positions (closed_by) WHERE closed_by IS NOT NULL;
CREATE INDEX transactions_by_replaced ON transactions (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX transactions_by_replacing ON transactions (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX transactions_by_dropping ON transactions (dropped_by) WHERE dropped_by IS NOT NULL;

-- Intents that were pruned: the same thing is still not done twice.
CREATE TABLE pruned_intents (
    id TEXT PRIMARY KEY NOT NULL,
    ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far the samples are thinned, by the spacing that is kept.
CREATE TABLE thinned (
    spacing_ms INTEGER PRIMARY KEY CHECK (spacing_ms > 0),
    up_to_ms INTEGER NOT NULL
) STRICT;
