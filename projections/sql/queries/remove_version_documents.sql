DELETE FROM ledger.order_version_document WHERE site = $1 AND id = ANY ($2::text[])
