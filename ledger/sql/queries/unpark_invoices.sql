DELETE FROM ledger.parked_invoice WHERE site = $1 AND invoice_id = ANY ($2::text[])
