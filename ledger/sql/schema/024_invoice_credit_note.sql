-- The credit notes that say of themselves which invoice they were made for, to be found by it: an invoice lists them
-- only when it is described again.
CREATE TABLE ledger.invoice_credit_note (
    site text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" NOT NULL,
    credit_note_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (site, invoice_id, credit_note_id)
);
COMMENT ON TABLE ledger.invoice_credit_note IS
    'Noted before the credit note is appended, so none is ever missing; what it says is in the stream of the note';

GRANT SELECT, INSERT ON ledger.invoice_credit_note TO order_ledger_service;
