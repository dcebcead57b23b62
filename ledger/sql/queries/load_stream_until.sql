SELECT stream, version, type, recorded_at, event_id, leaf, body, position
FROM ledger.event
WHERE site = $1 AND stream = $2 AND version <= $3
ORDER BY stream, version
