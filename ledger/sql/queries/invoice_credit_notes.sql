SELECT credit_note_id FROM ledger.invoice_credit_note WHERE site = $1 AND invoice_id = $2 ORDER BY credit_note_id LIMIT $3
