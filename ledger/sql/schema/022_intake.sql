-- What comes in from Chargebee's webhooks: credentials that open the intake and nothing else, and what was made of each
-- event. Beside the record, not part of it: what an event changed is in the log.
ALTER TABLE ledger.api_key
    DROP CONSTRAINT api_key_kind_check,
    ADD CONSTRAINT api_key_kind_check CHECK (kind IN ('full', 'read_only', 'intake'));

CREATE TABLE ledger.intake_event (
    site text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('recorded', 'unchanged', 'ignored')),
    received_at bigint NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (site, event_id)
);
COMMENT ON TABLE ledger.intake_event IS
    'Events that were taken in, by their id at Chargebee: a later delivery of one is a duplicate. Kept for a while';
COMMENT ON COLUMN ledger.intake_event.received_at IS 'Milliseconds since 1970';

CREATE INDEX intake_event_by_time ON ledger.intake_event (site, received_at);

CREATE TABLE ledger.intake_count (
    site text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL
        CHECK (outcome IN ('recorded', 'unchanged', 'duplicate', 'ignored', 'refused')),
    count bigint NOT NULL CHECK (count > 0),
    last_at bigint NOT NULL,
    last_reason text COLLATE "C",
    PRIMARY KEY (site, event_type, outcome)
);
COMMENT ON TABLE ledger.intake_count IS 'How many deliveries came to what. "" is the type of what could not be read';
COMMENT ON COLUMN ledger.intake_count.last_reason IS 'Why the last one was refused, in our own words';

GRANT SELECT, INSERT, DELETE ON ledger.intake_event TO order_ledger_service;
GRANT SELECT, INSERT, UPDATE ON ledger.intake_count TO order_ledger_service;
