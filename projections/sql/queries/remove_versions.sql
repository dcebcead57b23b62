DELETE FROM ledger.order_version WHERE site = $1 AND id = ANY ($2::text[])
