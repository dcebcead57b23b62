-- Versions by the period of the creation of their orders, of 2^17 seconds, a day and a half, and within a period in the
-- order of updates, with what tells from the index alone whether they held at a moment (docs/decisions/0012).
--
-- As 008 has it for the order view: a page of the past in the order of creation goes from period to period until it is
-- full, and one of a range of creation in the order of updates merges its periods.
CREATE INDEX order_version_period
    ON ledger.order_version (site, (created_at >> 17), updated_at, id)
    INCLUDE (version, from_position, to_position, from_ms, to_ms, created_at, status, deleted);

-- Resends in the order of updates: one order in a hundred pays for it.
CREATE INDEX order_version_resent
    ON ledger.order_version (site, updated_at, id, version)
    INCLUDE (from_position, to_position, from_ms, to_ms, created_at, status, deleted)
    WHERE is_resent;
