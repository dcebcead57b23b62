-- Events with the one before each in its stream: not above its own version, and before it in the log, so that a
-- version that comes twice is found as well (docs/decisions/0008-checkpoints-and-tiles.md).
SELECT
    event.position, event.stream, event.version, event.type, event.recorded_at, event.event_id, event.leaf, event.body,
    before.position AS before_position, before.version AS before_version, before.recorded_at AS before_recorded_at,
    before.leaf AS before_leaf
FROM ledger.event
LEFT JOIN LATERAL (
    SELECT earlier.position, earlier.version, earlier.recorded_at, earlier.leaf
    FROM ledger.event AS earlier
    WHERE earlier.site = event.site AND earlier.stream = event.stream
        AND earlier.version <= event.version AND earlier.position < event.position
    ORDER BY earlier.version DESC
    LIMIT 1
) AS before ON true
WHERE event.site = $1 AND event.position > $2
ORDER BY event.position
LIMIT $3
