SELECT stream
FROM ledger.event
WHERE site = $1 AND stream > $2 AND stream < 'order.' AND version = 1
ORDER BY stream
LIMIT $3
