SELECT id, document FROM ledger.order_view WHERE site = $1 AND id = ANY ($2)
