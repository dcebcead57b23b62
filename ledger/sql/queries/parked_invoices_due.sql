SELECT invoice_id, position, reason, attempts, parked_at, next_at
FROM ledger.parked_invoice
WHERE site = $1 AND next_at <= $2
ORDER BY next_at, invoice_id
LIMIT $3
