-- The events of all streams behind one ($2) and up to another ($3).
SELECT stream, version, type, recorded_at, event_id, leaf, body, position
FROM ledger.event
WHERE site = $1 AND stream > $2 AND stream <= $3
ORDER BY stream, version
