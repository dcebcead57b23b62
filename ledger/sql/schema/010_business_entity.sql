-- The business entities of a site, as far as its invoices name them: what a call may be restricted to.
CREATE TABLE ledger.business_entity (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    PRIMARY KEY (site, id)
);
COMMENT ON TABLE ledger.business_entity IS
    'Every id that an invoice has named. Noted before the invoice is appended, so none is ever missing';

GRANT SELECT, INSERT ON ledger.business_entity TO order_ledger_service;
