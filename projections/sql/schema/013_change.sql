-- What each event was about, in one narrow row, so that the log of a site can be filtered. Made from the log alone,
-- soon after the append, by the consumer `changes`; what it has not come to yet is read from the log itself.
CREATE TABLE ledger.change (
    site text COLLATE "C" NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    recorded_at bigint NOT NULL,
    latest_at bigint NOT NULL CHECK (latest_at >= recorded_at),
    type text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C",
    invoice_id text COLLATE "C",
    business_entity_id text COLLATE "C",
    PRIMARY KEY (site, position)
);
COMMENT ON TABLE ledger.change IS 'An index of the log, to filter it by. It can be made anew from the log at any time';
COMMENT ON COLUMN ledger.change.order_id IS
    'The order that changed, or that a credit note was made for; none for invoices and settings';
COMMENT ON COLUMN ledger.change.invoice_id IS 'The invoice that changed, or that of the order';
COMMENT ON COLUMN ledger.change.latest_at IS
    'The latest recorded_at up to this position. It never falls, so a time is found in it by halving';

-- Each of these ends in the position, so that a page is read in its order and no further than its last row. Other
-- filters, such as the source, step over what does not match (projections/changes/walk.py).
CREATE INDEX change_by_order ON ledger.change (site, order_id, position) WHERE order_id IS NOT NULL;
CREATE INDEX change_by_invoice ON ledger.change (site, invoice_id, position) WHERE invoice_id IS NOT NULL;
CREATE INDEX change_by_request ON ledger.change (site, request_id, position);
CREATE INDEX change_by_actor ON ledger.change (site, actor, position);
CREATE INDEX change_by_type ON ledger.change (site, type, position);
CREATE INDEX change_by_entity ON ledger.change (site, business_entity_id, position)
    WHERE business_entity_id IS NOT NULL;

-- Events that were recorded by a clock far behind that of an event before them. Rarely any; what their lag is bounds
-- where events of a time can stand.
CREATE INDEX change_late ON ledger.change (site, (latest_at - recorded_at)) WHERE latest_at - recorded_at > 10000;

-- A plan is made once for all sites and has to suit the largest (011_more_list_indexes.sql).
ALTER TABLE ledger.change ALTER COLUMN site SET (n_distinct = 1);

GRANT SELECT, INSERT ON ledger.change TO order_ledger_service;
