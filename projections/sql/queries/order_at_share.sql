-- The stream of the order in front of which this share of all orders stands ($2, from 0 to 1), by id; none where there
-- is no order.
SELECT stream
FROM ledger.event
WHERE site = $1 AND stream > 'order-' AND stream < 'order.' AND version = 1
ORDER BY stream
OFFSET (
    SELECT (count(*) * $2::double precision)::bigint
    FROM ledger.event
    WHERE site = $1 AND stream > 'order-' AND stream < 'order.' AND version = 1
)
LIMIT 1
