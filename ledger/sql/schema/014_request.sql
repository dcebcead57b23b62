-- What was asked and answered, refusals included. Beside the record, not part of it: written after the answer, lost
-- where a process is killed, and forgotten after a while.
CREATE TABLE ledger.request (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    duration_us bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    actor_kind text COLLATE "C" NOT NULL,
    key_kind text COLLATE "C" NOT NULL,
    business_entity_id text COLLATE "C",
    method text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    operation text COLLATE "C" NOT NULL,
    order_id text COLLATE "C",
    invoice_id text COLLATE "C",
    parameters json NOT NULL,
    parameter_count integer,
    idempotency_key text COLLATE "C",
    origin_user text COLLATE "C",
    origin_ip text COLLATE "C",
    origin_device text COLLATE "C",
    status integer NOT NULL,
    error_type text COLLATE "C",
    api_error_code text COLLATE "C",
    param text COLLATE "C",
    message text COLLATE "C",
    is_replayed boolean NOT NULL,
    event_ids text[] COLLATE "C" NOT NULL,
    PRIMARY KEY (site, id)
);
COMMENT ON TABLE ledger.request IS
    'Requests of known callers: all POSTs, and GETs that were refused. Not part of the proven record';
COMMENT ON COLUMN ledger.request.at IS 'Milliseconds since 1970, when the request came';
COMMENT ON COLUMN ledger.request.parameters IS 'Names and values; most values are redacted to their length';
COMMENT ON COLUMN ledger.request.parameter_count IS 'How many were sent; NULL when the body was not read';
COMMENT ON COLUMN ledger.request.event_ids IS
    'Events that the last attempt of the request meant to append. Those that are in the log are its events';

CREATE INDEX request_by_time ON ledger.request (site, at, id);
CREATE INDEX request_by_order ON ledger.request (site, order_id, at, id) WHERE order_id IS NOT NULL;
-- Refusals are few among many, and are what is asked for most.
CREATE INDEX request_refused ON ledger.request (site, at, id) WHERE status >= 400;

CREATE TABLE ledger.request_not_kept (
    site text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL CHECK (reason IN ('dropped', 'unknown_caller')),
    count bigint NOT NULL CHECK (count > 0),
    last_at bigint NOT NULL,
    PRIMARY KEY (site, reason)
);
COMMENT ON TABLE ledger.request_not_kept IS
    'How many requests are missing beside those that are kept. Callers whom nobody knows belong to the site ""';

GRANT SELECT, INSERT, DELETE ON ledger.request TO order_ledger_service;
GRANT SELECT, INSERT, UPDATE ON ledger.request_not_kept TO order_ledger_service;
