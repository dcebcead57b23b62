-- The subscriptions that share an invoice, to find it by each of them: an order that ships for several names none.
CREATE TABLE ledger.invoice_subscription (
    site text COLLATE "C" NOT NULL,
    subscription_id text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (site, subscription_id, invoice_id)
);
COMMENT ON TABLE ledger.invoice_subscription IS
    'Of consolidated invoices alone. Noted before the invoice is appended, so none is ever missing';

GRANT SELECT, INSERT ON ledger.invoice_subscription TO order_ledger_service;
