-- Invoices whose orders could not be brought up to date: an error of ours, or a stream that cannot be read. All others
-- move on; these are tried again later, and as soon as something new is recorded about them.
CREATE TABLE ledger.parked_invoice (
    site text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    reason text COLLATE "C" NOT NULL,
    attempts integer NOT NULL CHECK (attempts > 0),
    parked_at bigint NOT NULL,
    next_at bigint NOT NULL,
    PRIMARY KEY (site, invoice_id)
);
COMMENT ON COLUMN ledger.parked_invoice.position IS 'Of the event that asked for it last';
COMMENT ON COLUMN ledger.parked_invoice.next_at IS 'When it is tried again; like parked_at in milliseconds since 1970';

CREATE INDEX parked_invoice_next ON ledger.parked_invoice (site, next_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.parked_invoice TO order_ledger_service;
