UPDATE ledger.order_clock
SET look_at = $5
WHERE site = $1 AND order_id = $2 AND date = $3 AND due_at = $4
