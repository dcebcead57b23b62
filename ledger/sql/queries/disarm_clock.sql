-- Unless the date has moved since it was looked at.
DELETE FROM ledger.order_clock
WHERE site = $1 AND order_id = $2 AND date = $3 AND due_at = $4
