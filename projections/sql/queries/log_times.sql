-- When each event was recorded; of those that an order began with the rest as well.
SELECT
    position, recorded_at, stream, version, type, event_id, leaf,
    CASE WHEN version = 1 AND stream >= 'order-' AND stream < 'order.' THEN body END AS body
FROM ledger.event
WHERE site = $1 AND position > $2 AND position <= $3
ORDER BY position
