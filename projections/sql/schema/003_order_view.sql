-- The current state of every order, written in the transaction that appends, so that a client reads its own write.
CREATE TABLE ledger.order_view (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    deleted boolean NOT NULL,
    status text COLLATE "C" NOT NULL,
    order_type text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" NOT NULL,
    subscription_id text COLLATE "C",
    original_order_id text COLLATE "C",
    document_number text COLLATE "C",
    business_entity_id text COLLATE "C",
    resent_status text COLLATE "C",
    is_resent boolean NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    order_date bigint,
    shipping_date bigint,
    shipped_at bigint,
    paid_on bigint,
    document bytea NOT NULL,
    PRIMARY KEY (site, id)
);
COMMENT ON COLUMN ledger.order_view.document IS 'The order as the API sends it, ready to send';
COMMENT ON COLUMN ledger.order_view.position IS 'Position of the last event that is in the row';

CREATE INDEX order_view_by_creation ON ledger.order_view (site, created_at, id);
CREATE INDEX order_view_by_update ON ledger.order_view (site, updated_at, id);
CREATE INDEX order_view_by_invoice ON ledger.order_view (site, invoice_id, created_at, id);
CREATE INDEX order_view_by_status ON ledger.order_view (site, status, created_at, id);
CREATE INDEX order_view_by_number ON ledger.order_view (site, document_number) WHERE document_number IS NOT NULL;
