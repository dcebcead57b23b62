SELECT stream, version, type, recorded_at, event_id, leaf, body, position
FROM ledger.event
WHERE site = $1 AND position > $2
ORDER BY position
LIMIT $3
