-- Every order of an invoice, deleted ones too.
SELECT id FROM ledger.order_view WHERE site = $1 AND invoice_id = $2 ORDER BY created_at, id
