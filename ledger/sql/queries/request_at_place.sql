-- The newest request has place 0.
SELECT at, id
FROM ledger.request
WHERE site = $1
ORDER BY at DESC, id DESC
OFFSET $2
LIMIT 1
