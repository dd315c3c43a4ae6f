-- Perps are rows of positions. Money of the venue is decimal text in 1e6 (USDC), prices and leverage in 1e10.
-- Each check also says that perps have the value and loops do not, so that no row is half of either.

ALTER TABLE positions ADD COLUMN venue TEXT
    CHECK ((kind = 'perp') = (venue IS NOT NULL) AND venue <> '');
ALTER TABLE positions ADD COLUMN pair TEXT
    CHECK ((kind = 'perp') = (pair IS NOT NULL) AND pair <> '');
ALTER TABLE positions ADD COLUMN pair_index INTEGER
    CHECK ((kind = 'perp') = (pair_index IS NOT NULL) AND pair_index >= 0);
ALTER TABLE positions ADD COLUMN trade_index INTEGER
    CHECK ((kind = 'perp') = (trade_index IS NOT NULL) AND trade_index >= 0);
ALTER TABLE positions ADD COLUMN side TEXT
    CHECK ((kind = 'perp') = (side IS NOT NULL) AND side IN ('long', 'short'));
ALTER TABLE positions ADD COLUMN margin TEXT
    CHECK ((kind = 'perp') = (margin IS NOT NULL) AND margin <> '' AND margin NOT GLOB '*[^0-9]*');
ALTER TABLE positions ADD COLUMN perp_collateral TEXT
    CHECK ((kind = 'perp') = (perp_collateral IS NOT NULL)
        AND perp_collateral <> '' AND perp_collateral NOT GLOB '*[^0-9]*');
ALTER TABLE positions ADD COLUMN leverage TEXT
    CHECK ((kind = 'perp') = (leverage IS NOT NULL) AND leverage <> '' AND leverage NOT GLOB '*[^0-9]*');
ALTER TABLE positions ADD COLUMN entry_price TEXT
    CHECK ((kind = 'perp') = (entry_price IS NOT NULL) AND entry_price <> '' AND entry_price NOT GLOB '*[^0-9]*');
-- 0 is none, as the venue has it.
ALTER TABLE positions ADD COLUMN stop TEXT
    CHECK ((kind = 'perp') = (stop IS NOT NULL) AND stop <> '' AND stop NOT GLOB '*[^0-9]*');
ALTER TABLE positions ADD COLUMN target TEXT
    CHECK ((kind = 'perp') = (target IS NOT NULL) AND target <> '' AND target NOT GLOB '*[^0-9]*');
ALTER TABLE positions ADD COLUMN guard_uses INTEGER
    CHECK ((kind = 'perp') = (guard_uses IS NOT NULL) AND guard_uses >= 0);
ALTER TABLE positions ADD COLUMN predicted TEXT
    CHECK ((kind = 'perp') = (predicted IS NOT NULL) AND json_valid(predicted));
-- An adopted perp has an order that this journal need not know.
ALTER TABLE positions ADD COLUMN opened_order TEXT CHECK (opened_order IS NULL OR kind = 'perp');
ALTER TABLE positions ADD COLUMN signal TEXT REFERENCES signals (id) CHECK (signal IS NULL OR kind = 'perp');
ALTER TABLE positions ADD COLUMN entry_drift TEXT
    CHECK (entry_drift IS NULL OR (kind = 'perp' AND entry_drift NOT GLOB '*[^-0-9.]*'));
ALTER TABLE positions ADD COLUMN entry_confidence TEXT
    CHECK (entry_confidence IS NULL OR (kind = 'perp' AND entry_confidence NOT GLOB '*[^0-9.]*'));
ALTER TABLE positions ADD COLUMN half_life_s INTEGER
    CHECK (half_life_s IS NULL OR (kind = 'perp' AND half_life_s > 0));
-- The venue's slot holds one position; practice has no slots.
CREATE UNIQUE INDEX one_open_perp_per_slot ON positions (venue, pair_index, trade_index)
    WHERE kind = 'perp' AND paper = 0 AND closed_ms IS NULL;

CREATE TABLE orders (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    venue TEXT NOT NULL CHECK (venue <> ''),
    id TEXT NOT NULL CHECK (id <> ''),
    paper INTEGER NOT NULL GENERATED ALWAYS AS (substr(id, 1, 6) = 'paper:') VIRTUAL,
    kind TEXT NOT NULL CHECK (kind IN ('open', 'close', 'limit-open', 'trigger')),
    intent TEXT REFERENCES intents (id),
    position TEXT REFERENCES positions (id),
    signal TEXT REFERENCES signals (id),
    state TEXT NOT NULL CHECK (state IN ('initiated', 'filled', 'cancelled', 'unknown')),
    reason TEXT,
    predicted TEXT NOT NULL CHECK (json_valid(predicted)),
    actual TEXT CHECK (actual IS NULL OR json_valid(actual)),
    created_block_time INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_block_time INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_by_intent ON orders (intent) WHERE intent IS NOT NULL;
CREATE INDEX orders_by_id ON orders (venue, id);
-- The venue never gives an order's number again; the slot that names a limit order is free again after it.
CREATE UNIQUE INDEX one_order_per_number ON orders (venue, id) WHERE kind <> 'limit-open';
CREATE UNIQUE INDEX one_waiting_order_per_id ON orders (venue, id) WHERE state IN ('initiated', 'unknown');

CREATE TABLE sagas (
    id TEXT PRIMARY KEY NOT NULL REFERENCES signals (id),
    paper INTEGER NOT NULL CHECK (paper IN (0, 1)),
    phase TEXT NOT NULL CHECK (phase <> ''),
    state TEXT NOT NULL CHECK (json_valid(state)),
    outcome TEXT CHECK (outcome <> ''),
    created_block_time INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_block_time INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    ended_block_time INTEGER,
    ended_ms INTEGER,
    CHECK ((outcome IS NULL) = (ended_ms IS NULL)),
    CHECK ((ended_ms IS NULL) = (ended_block_time IS NULL))
) STRICT;
CREATE INDEX sagas_by_time ON sagas (created_ms);
CREATE INDEX sagas_open ON sagas (created_ms) WHERE outcome IS NULL;

-- No reference to intents: the link is written before the intent is, so that after a crash at any point between the
-- two nothing was done that the saga does not know of.
CREATE TABLE saga_intents (
    intent TEXT PRIMARY KEY NOT NULL,
    saga TEXT NOT NULL REFERENCES sagas (id),
    role TEXT NOT NULL CHECK (role <> '')
) STRICT;
CREATE INDEX saga_intents_by_saga ON saga_intents (saga);

ALTER TABLE events ADD COLUMN saga TEXT REFERENCES sagas (id);

-- Practice has a governor of its own; the one there was is that of real trades.
CREATE TABLE governor_states (
    paper INTEGER PRIMARY KEY CHECK (paper IN (0, 1)),
    state TEXT NOT NULL CHECK (json_valid(state)),
    block_time INTEGER NOT NULL,
    ms INTEGER NOT NULL
) STRICT;
INSERT INTO governor_states (paper, state, block_time, ms) SELECT 0, state, block_time, ms FROM governor_state;
DROP TABLE governor_state;
ALTER TABLE governor_states RENAME TO governor_state;
