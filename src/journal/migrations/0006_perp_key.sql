-- A perp has one name, which its venue gives and nobody else reads, instead of one venue's pair and slot.
DROP INDEX one_open_perp_per_slot;
ALTER TABLE positions ADD COLUMN perp_key TEXT
    CHECK ((kind = 'perp') = (perp_key IS NOT NULL) AND perp_key <> '');
UPDATE positions SET perp_key = pair_index || ':' || trade_index WHERE kind = 'perp';
ALTER TABLE positions DROP COLUMN pair_index;
ALTER TABLE positions DROP COLUMN trade_index;
-- The venue has one position of a name; practice has names of its own.
CREATE UNIQUE INDEX one_open_perp_per_key ON positions (venue, perp_key)
    WHERE kind = 'perp' AND paper = 0 AND closed_ms IS NULL;
