-- Rebuilds and checks of the views of a site, for people who want to see how far one is. A run says how far it has come
-- once a second; one that falls silent without an end was killed. Not part of the record, and the newest are kept alone.
CREATE TABLE ledger.rebuild_run (
    site text COLLATE "C" NOT NULL,
    run text COLLATE "C" NOT NULL,
    view text COLLATE "C" NOT NULL,
    check_only boolean NOT NULL,
    started_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    events_read bigint NOT NULL CHECK (events_read >= 0),
    events_total bigint NOT NULL CHECK (events_total >= 0),
    differing bigint NOT NULL CHECK (differing >= 0),
    ended_at bigint,
    outcome text COLLATE "C" CHECK (outcome IN ('true', 'differs', 'put_right', 'parked', 'stopped', 'failed')),
    PRIMARY KEY (site, run),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
COMMENT ON TABLE ledger.rebuild_run IS 'How far rebuilds of views are, and how the last ones ended';
COMMENT ON COLUMN ledger.rebuild_run.run IS 'Ids of later runs are greater';
COMMENT ON COLUMN ledger.rebuild_run.seen_at IS 'Milliseconds since 1970, by the clock of the process that rebuilds, as all times here';
COMMENT ON COLUMN ledger.rebuild_run.events_total IS 'How many events there were to read when it began; 0 until that is counted';
COMMENT ON COLUMN ledger.rebuild_run.differing IS 'Rows or orders of the view that were not what the log says, so far';

GRANT SELECT, INSERT, DELETE ON ledger.rebuild_run TO order_ledger_service;
GRANT UPDATE (seen_at, events_read, events_total, differing, ended_at, outcome) ON ledger.rebuild_run
    TO order_ledger_service;

-- What an event follows from, in the index of the log, so that what it led to is found. Nearly every event follows from
-- its own request: that is said by the absence of both, and takes no room in an index.
ALTER TABLE ledger.change
    ADD COLUMN causation_id text COLLATE "C",
    ADD COLUMN correlation_id text COLLATE "C";
COMMENT ON COLUMN ledger.change.causation_id IS 'The direct cause; none where that is the request';
COMMENT ON COLUMN ledger.change.correlation_id IS 'What all that follows from one first cause has; none where that is the request';
