SELECT id FROM ledger.order_view WHERE site = $1 AND document_number = $2 LIMIT 1
