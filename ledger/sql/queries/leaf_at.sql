SELECT leaf
FROM ledger.event
WHERE site = $1 AND position = $2
