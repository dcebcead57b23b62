INSERT INTO ledger.invoice_credit_note (site, invoice_id, credit_note_id)
VALUES ($1, $2, $3)
ON CONFLICT (site, invoice_id, credit_note_id) DO NOTHING
