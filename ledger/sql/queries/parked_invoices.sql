SELECT invoice_id, position, reason, attempts, parked_at, next_at
FROM ledger.parked_invoice
WHERE site = $1
ORDER BY parked_at, invoice_id
LIMIT $2
