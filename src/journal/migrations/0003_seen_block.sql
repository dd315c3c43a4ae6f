-- Newest block at which a perp was seen to be open at the venue: its end is looked for from there on.
ALTER TABLE positions ADD COLUMN seen_block INTEGER
    CHECK (seen_block IS NULL OR (kind = 'perp' AND seen_block >= 0));
