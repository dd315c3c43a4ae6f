-- Addresses and hashes are 0x text, amounts and fees decimal text in the token's smallest unit or wei,
-- times seconds of the block (block_time) and milliseconds of the wall clock (ms), JSON is text.

CREATE TABLE network (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    network_id TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT,
    genesis TEXT,
    checkpoint_number INTEGER,
    checkpoint_hash TEXT,
    CHECK ((checkpoint_number IS NULL) = (checkpoint_hash IS NULL))
) STRICT;

CREATE TABLE intents (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    paper INTEGER NOT NULL CHECK (paper IN (0, 1)),
    plan TEXT NOT NULL CHECK (json_valid(plan)),
    plan_hash TEXT NOT NULL,
    steps INTEGER NOT NULL CHECK (steps > 0),
    step INTEGER NOT NULL CHECK (step >= 0 AND step < steps),
    state TEXT NOT NULL CHECK (state IN
        ('planned', 'approved', 'simulated', 'signed', 'sent', 'mined', 'failed', 'unknown', 'reconciled')),
    reason TEXT,
    actual TEXT CHECK (actual IS NULL OR json_valid(actual)),
    created_block_time INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_block_time INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX intents_by_time ON intents (created_ms);
CREATE INDEX intents_unresolved ON intents (state) WHERE state IN ('signed', 'sent', 'unknown');

CREATE TABLE transactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    intent TEXT NOT NULL REFERENCES intents (id),
    step INTEGER NOT NULL CHECK (step >= 0),
    nonce INTEGER NOT NULL CHECK (nonce >= 0),
    chain_nonce INTEGER NOT NULL CHECK (chain_nonce >= 0),
    state TEXT NOT NULL CHECK (state IN ('leased', 'signed', 'sent', 'mined', 'failed', 'dropped', 'unknown')),
    reason TEXT,
    hash TEXT UNIQUE,
    raw BLOB,
    recipient TEXT,
    value TEXT,
    gas_limit INTEGER,
    max_fee_per_gas TEXT,
    max_priority_fee_per_gas TEXT,
    replaces TEXT REFERENCES transactions (hash),
    replaced_by INTEGER REFERENCES transactions (id),
    dropped_by INTEGER REFERENCES transactions (id),
    block_number INTEGER,
    block_hash TEXT,
    gas_used INTEGER,
    effective_gas_price TEXT,
    l1_fee TEXT,
    created_block_time INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_block_time INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    CHECK ((raw IS NULL) = (hash IS NULL)),
    CHECK (state IN ('leased', 'dropped') OR raw IS NOT NULL),
    CHECK (state <> 'leased' OR raw IS NULL),
    CHECK ((state IN ('mined', 'failed')) = (block_hash IS NOT NULL))
) STRICT;
CREATE INDEX transactions_by_intent ON transactions (intent);
CREATE INDEX transactions_by_nonce ON transactions (nonce);
-- A live transaction shares its nonce only with transactions that are marked as replaced by another.
CREATE UNIQUE INDEX one_live_transaction_per_nonce ON transactions (nonce)
    WHERE state IN ('leased', 'signed', 'sent', 'unknown') AND replaced_by IS NULL;
CREATE UNIQUE INDEX one_included_transaction_per_nonce ON transactions (nonce) WHERE state IN ('mined', 'failed');

CREATE TABLE positions (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('loop', 'perp')),
    origin TEXT NOT NULL CHECK (origin IN ('opened', 'adopted')),
    paper INTEGER NOT NULL CHECK (paper IN (0, 1)),
    opened_by TEXT REFERENCES intents (id),
    closed_by TEXT REFERENCES intents (id),
    thresholds TEXT NOT NULL CHECK (json_valid(thresholds)),
    realised TEXT CHECK (realised IS NULL OR json_valid(realised)),
    collateral TEXT,
    debt TEXT,
    e_mode INTEGER,
    collateral_principal TEXT,
    debt_principal TEXT,
    opened_block_time INTEGER NOT NULL,
    opened_ms INTEGER NOT NULL,
    updated_block_time INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    closed_block_time INTEGER,
    closed_ms INTEGER,
    CHECK ((origin = 'opened') = (opened_by IS NOT NULL)),
    CHECK ((closed_ms IS NULL) = (closed_block_time IS NULL)),
    CHECK (kind <> 'loop' OR (collateral IS NOT NULL AND debt IS NOT NULL AND e_mode IS NOT NULL
        AND collateral_principal IS NOT NULL AND debt_principal IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX one_open_loop_per_pair ON positions (collateral, debt, paper)
    WHERE kind = 'loop' AND closed_ms IS NULL;

CREATE TABLE signals (
    id TEXT PRIMARY KEY NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    paper INTEGER NOT NULL CHECK (paper IN (0, 1)),
    block_time INTEGER NOT NULL,
    ms INTEGER NOT NULL
) STRICT;

CREATE TABLE samples (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    block_number INTEGER NOT NULL,
    block_time INTEGER NOT NULL,
    ms INTEGER NOT NULL,
    health_factor TEXT,
    figures TEXT NOT NULL CHECK (json_valid(figures))
) STRICT;
CREATE INDEX samples_by_time ON samples (ms);

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'alert')),
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    figures TEXT NOT NULL CHECK (json_valid(figures)),
    intent TEXT REFERENCES intents (id),
    position TEXT REFERENCES positions (id),
    block_time INTEGER NOT NULL,
    ms INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_time ON events (ms);

CREATE TABLE adaptive_levels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    symbol TEXT NOT NULL,
    position TEXT REFERENCES positions (id),
    computation TEXT NOT NULL CHECK (json_valid(computation)),
    block_time INTEGER NOT NULL,
    ms INTEGER NOT NULL
) STRICT;

CREATE TABLE governor_state (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    state TEXT NOT NULL CHECK (json_valid(state)),
    block_time INTEGER NOT NULL,
    ms INTEGER NOT NULL
) STRICT;
