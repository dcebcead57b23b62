-- At most $4 of the events whose id begins with $2; $3 is a text behind all of these and before all others.
SELECT position
FROM ledger.event
WHERE site = $1 AND event_id >= $2 AND event_id < $3
LIMIT $4
