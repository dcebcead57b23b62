-- Logs whose last event was recorded after a time, and by how much; what two machines differ by is not meant.
SELECT head.site, event.recorded_at - $1 AS ahead_ms
FROM ledger.head
JOIN ledger.event ON event.site = head.site AND event.position = head.position
WHERE event.recorded_at > $1 + 1000
