SELECT position, event_id, type, stream, version
FROM ledger.event
WHERE site = $1 AND event_id = ANY ($2::text[])
ORDER BY position
