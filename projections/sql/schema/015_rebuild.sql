-- Rows that a rebuild found to be other than the log says, until it puts them in place all together.
CREATE TABLE ledger.order_view_rebuilt (
    LIKE ledger.order_view,
    run text COLLATE "C" NOT NULL,
    is_ghost boolean NOT NULL,
    PRIMARY KEY (site, run, id)
);
COMMENT ON COLUMN ledger.order_view_rebuilt.run IS 'Which rebuild; what a rebuild that was killed left is removed by the next';
COMMENT ON COLUMN ledger.order_view_rebuilt.is_ghost IS 'The log knows no such order: its row is to be removed';

-- Streams that a projection cannot read. The others move on; nothing is skipped in silence.
CREATE TABLE ledger.parked (
    site text COLLATE "C" NOT NULL,
    projection text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    version integer NOT NULL,
    reason text COLLATE "C" NOT NULL,
    parked_at bigint NOT NULL,
    PRIMARY KEY (site, projection, stream)
);
COMMENT ON COLUMN ledger.parked.position IS 'Of the first event that cannot be read';
COMMENT ON COLUMN ledger.parked.parked_at IS 'Milliseconds since 1970';

GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.order_view_rebuilt, ledger.parked TO order_ledger_service;
