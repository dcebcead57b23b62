SELECT stream, version, type, recorded_at, event_id, leaf, body, position
FROM ledger.event
WHERE site = $1 AND stream = ANY ($2)
ORDER BY stream, version
