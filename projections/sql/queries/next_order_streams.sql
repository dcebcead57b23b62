-- The streams of the next orders behind one ($2) and up to another ($3).
SELECT stream
FROM ledger.event
WHERE site = $1 AND stream > $2 AND stream <= $3 AND version = 1
ORDER BY stream
LIMIT $4
