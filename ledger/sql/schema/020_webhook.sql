-- Webhooks: what endpoints are authenticated with, and what became of each event at each endpoint. Beside the record:
-- it is work to be done and its outcome, and it is forgotten after a while.
CREATE TABLE ledger.webhook_credentials (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    username text COLLATE "C" NOT NULL,
    password text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (site, id)
);
COMMENT ON TABLE ledger.webhook_credentials IS
    'User names and passwords of webhook endpoints. They are sent along, so they are readable here; they are in no '
    'event, since the log cannot forget';

CREATE TABLE ledger.webhook_delivery (
    site text COLLATE "C" NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    endpoint_id text COLLATE "C" NOT NULL,
    place smallint NOT NULL CHECK (place >= 0),
    status text COLLATE "C" NOT NULL CHECK (
        status IN (
            'scheduled', 'succeeded', 're_scheduled', 'failed', 'skipped', 'not_applicable', 'disabled', 'rate_limited'
        )
    ),
    recorded_at bigint NOT NULL,
    due_at bigint,
    claim text COLLATE "C",
    attempts integer NOT NULL DEFAULT 0,
    first_finished_at bigint,
    last_finished_at bigint,
    failure_reason text COLLATE "C",
    PRIMARY KEY (site, position, endpoint_id)
);
COMMENT ON TABLE ledger.webhook_delivery IS
    'One row for each order event and each webhook endpoint that existed then. Kept 90 days';
COMMENT ON COLUMN ledger.webhook_delivery.place IS 'Endpoints of an event are called in this order, 0 is the primary one';
COMMENT ON COLUMN ledger.webhook_delivery.recorded_at IS 'When the event was recorded; this and all times in milliseconds';
COMMENT ON COLUMN ledger.webhook_delivery.due_at IS
    'When the endpoint is to be called; while somebody calls it, when he counts as gone. NULL: it is not called again';
COMMENT ON COLUMN ledger.webhook_delivery.claim IS 'Who is calling the endpoint now';
COMMENT ON COLUMN ledger.webhook_delivery.attempts IS 'Calls that have finished, since the last resend';

-- What is to be done at an endpoint: first calls in the order of the log, further calls by their time.
CREATE INDEX webhook_delivery_first ON ledger.webhook_delivery (site, endpoint_id, position)
WHERE due_at IS NOT NULL AND first_finished_at IS NULL;
CREATE INDEX webhook_delivery_again ON ledger.webhook_delivery (site, endpoint_id, due_at)
WHERE due_at IS NOT NULL AND first_finished_at IS NOT NULL;
-- Filters of events, which look at few statuses of the last days.
CREATE INDEX webhook_delivery_by_status ON ledger.webhook_delivery (site, status, position);
-- Whether an endpoint failed lately.
CREATE INDEX webhook_delivery_failing ON ledger.webhook_delivery (site, endpoint_id, last_finished_at)
WHERE status IN ('re_scheduled', 'failed');

GRANT SELECT, INSERT, DELETE ON ledger.webhook_credentials TO order_ledger_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.webhook_delivery TO order_ledger_service;
