SELECT stream, version, type, recorded_at, event_id, leaf, body, position
FROM ledger.event
WHERE site = $1 AND position = ANY ($2::bigint[])
