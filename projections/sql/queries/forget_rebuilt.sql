DELETE FROM ledger.order_view_rebuilt WHERE site = $1 AND run = $2 AND ($3::text[] IS NULL OR id = ANY ($3))
