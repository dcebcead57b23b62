-- Dates of orders that may have to be told when they are reached (chargebee/events.md, section 3). Made from the log by
-- the consumer `clock`; a row says when to look, and the decision alone says whether something is told.
CREATE TABLE ledger.order_clock (
    site text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    date text COLLATE "C" NOT NULL CHECK (date IN ('order_date', 'shipping_date')),
    due_at bigint NOT NULL,
    look_at bigint NOT NULL,
    PRIMARY KEY (site, order_id, date)
);
COMMENT ON COLUMN ledger.order_clock.due_at IS 'The date of the order, in seconds since 1970';
COMMENT ON COLUMN ledger.order_clock.look_at IS
    'When to look: due_at, or later where the order could not be read. In seconds since 1970';

CREATE INDEX order_clock_due ON ledger.order_clock (site, look_at, order_id, date);

-- Whatever is told is gone a moment later, so statistics say nothing of what comes next: as in 011.
ALTER TABLE ledger.order_clock ALTER COLUMN site SET (n_distinct = 1);

GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.order_clock TO order_ledger_service;
