-- What measuring lists at a million orders has shown to be missing (docs/decisions/0007-list-indexes.md).
--
-- A plan is made once for all sites. It has to suit the largest: on a small one every plan is fast, and the plan for
-- a site of average size reads all of a large one.
ALTER TABLE ledger.order_view ALTER COLUMN site SET (n_distinct = 1);

-- An index alone answers only for blocks that were vacuumed since they were written: without it a long list looks at
-- four times as many. The defaults, 20 % of the table, leave the orders of the last weeks out, which are asked for most.
ALTER TABLE ledger.order_view SET (
    autovacuum_analyze_scale_factor = 0.02,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.02
);

-- A range of updates of up to a month in the order of creation, as connectors ask for it: the other way round than in
-- 008, a month has ten periods of updates, and in each the orders stand by creation.
CREATE INDEX order_view_update_period
    ON ledger.order_view (site, deleted, (updated_at >> 18), created_at, id) INCLUDE (updated_at, status);

-- Resends in the order of updates, which 007 left to be sorted: one order in a hundred pays for it.
CREATE INDEX order_view_list_resent_updated
    ON ledger.order_view (site, deleted, updated_at, id)
    WHERE is_resent;

-- Orders of a status that ship in a range, and those of an entity that changed in one, from the index alone.
DROP INDEX ledger.order_view_list_status_created;
CREATE INDEX order_view_list_status_created
    ON ledger.order_view (site, deleted, status, created_at, id) INCLUDE (shipping_date);

DROP INDEX ledger.order_view_list_entity_updated;
CREATE INDEX order_view_list_entity_updated
    ON ledger.order_view (site, business_entity_id, deleted, updated_at, id) INCLUDE (created_at)
    WHERE business_entity_id IS NOT NULL;
