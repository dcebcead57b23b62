-- The documents of versions of orders, as the API answered with them, beside the narrow rows by which lists find past
-- ones. A version without one is folded from its events when it is shown (docs/decisions/0012).
CREATE TABLE ledger.order_version_document (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    document bytea NOT NULL,
    PRIMARY KEY (site, id, version)
);
COMMENT ON TABLE ledger.order_version_document IS 'What past orders look like. It can be made anew from the log at any time';

-- A plan is made once for all sites and has to suit the largest; rows are added and never changed
-- (011_more_list_indexes.sql).
ALTER TABLE ledger.order_version_document ALTER COLUMN site SET (n_distinct = 1);
ALTER TABLE ledger.order_version_document SET (
    autovacuum_analyze_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.02
);

GRANT SELECT, INSERT, DELETE ON ledger.order_version_document TO order_ledger_service;
