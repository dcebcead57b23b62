-- What orders were: one narrow row for each version of an order that a later one has replaced. Made from the log alone,
-- soon after the append, by the consumer `order_versions`; what it has not come to yet is read from the log itself. A
-- version that nothing has replaced is in the order view (docs/decisions/0012).
CREATE TABLE ledger.order_version (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    from_position bigint NOT NULL,
    to_position bigint NOT NULL,
    from_ms bigint NOT NULL,
    to_ms bigint NOT NULL,
    fork bigint NOT NULL,
    is_revised boolean NOT NULL,
    deleted boolean NOT NULL,
    status text COLLATE "C" NOT NULL,
    order_type text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" NOT NULL,
    subscription_id text COLLATE "C",
    original_order_id text COLLATE "C",
    business_entity_id text COLLATE "C",
    resent_status text COLLATE "C",
    is_resent boolean NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    order_date bigint,
    shipping_date bigint,
    shipped_at bigint,
    paid_on bigint,
    -- Finds the version of an order at a position or a time by its keys alone, the newest first.
    PRIMARY KEY (site, id, from_position, from_ms),
    CHECK (from_position < to_position AND from_ms < to_ms),
    CHECK (from_position <= fork AND fork < to_position)
);
COMMENT ON TABLE ledger.order_version IS 'An index of past orders. It can be made anew from the log at any time';
COMMENT ON COLUMN ledger.order_version.to_position IS 'Of the event that replaced the version; it is not in it any more';
COMMENT ON COLUMN ledger.order_version.to_ms IS 'When that event was recorded, in milliseconds since 1970';
COMMENT ON COLUMN ledger.order_version.fork IS
    'The position of the version that the highest power of two divides: its node in a tree of all positions';

COMMENT ON COLUMN ledger.order_version.is_revised IS
    'The event that replaced it changed a date of shipping or ordering that was set, or what became of resending it';

-- All versions of a status that hold at a position, and no others: they stand at the nodes above it, one for each bit
-- of a position, and at each node it is enough to compare one end (Kriegel, Pötke and Seidl, "Managing Intervals
-- Efficiently in Object-Relational Databases", VLDB 2000).
CREATE INDEX order_version_holds_until
    ON ledger.order_version (site, status, fork, to_position)
    INCLUDE (version, to_ms, created_at, updated_at, id, deleted);
CREATE INDEX order_version_holds_since
    ON ledger.order_version (site, status, fork, from_position)
    INCLUDE (version, to_position, to_ms, created_at, updated_at, id, deleted);

-- Versions in the order of updates, with what tells from the index alone whether they held at a moment.
CREATE INDEX order_version_by_update
    ON ledger.order_version (site, updated_at, id, version)
    INCLUDE (from_position, to_position, from_ms, to_ms, created_at, status, deleted);

-- Orders are found by their dates as the order view has them now. Those few that had others are found by this.
CREATE INDEX order_version_revised
    ON ledger.order_version (site, to_position) INCLUDE (id)
    WHERE is_revised;

-- A plan is made once for all sites and has to suit the largest; rows are added and never changed
-- (011_more_list_indexes.sql).
ALTER TABLE ledger.order_version ALTER COLUMN site SET (n_distinct = 1);
ALTER TABLE ledger.order_version SET (
    autovacuum_analyze_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.02
);

-- Where the times of a log are, so that a time can be looked up: a row for each page that the consumer took.
CREATE TABLE ledger.order_version_page (
    site text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    latest_ms bigint NOT NULL,
    lag_ms_max bigint NOT NULL CHECK (lag_ms_max >= 0),
    lead_s_max bigint NOT NULL CHECK (lead_s_max >= 0),
    PRIMARY KEY (site, position)
);
COMMENT ON COLUMN ledger.order_version_page.position IS 'The last one of the page';
COMMENT ON COLUMN ledger.order_version_page.latest_ms IS 'The latest recorded_at up to this position. It never falls';
COMMENT ON COLUMN ledger.order_version_page.lag_ms_max IS
    'By how much an event up to this position was at most recorded before one that stands in front of it';
COMMENT ON COLUMN ledger.order_version_page.lead_s_max IS
    'By how much the creation that an order names was at most after it was recorded: imports may name any time';
CREATE INDEX order_version_page_by_time ON ledger.order_version_page (site, latest_ms, position);

GRANT SELECT, INSERT, DELETE ON ledger.order_version, ledger.order_version_page TO order_ledger_service;
