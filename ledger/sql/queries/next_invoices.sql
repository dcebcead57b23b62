-- Ids of invoices in the order of their streams, behind one of them.
SELECT stream
FROM ledger.event
WHERE site = $1 AND stream > $2 AND stream < 'invoice.' AND version = 1
ORDER BY stream
LIMIT $3
