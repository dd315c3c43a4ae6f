-- Aave's indices that a loop's principals are of: a loop's own share of an account's collateral and debt grows with them.
-- Loops recorded before have none.
ALTER TABLE positions ADD COLUMN collateral_index TEXT;
ALTER TABLE positions ADD COLUMN debt_index TEXT;
