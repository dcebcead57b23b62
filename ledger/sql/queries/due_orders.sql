SELECT order_id, date, due_at
FROM ledger.order_clock
WHERE site = $1 AND look_at <= $2
ORDER BY look_at, order_id, date
LIMIT $3
