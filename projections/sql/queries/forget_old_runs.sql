DELETE FROM ledger.order_view_rebuilt WHERE site = $1 AND run < $2
