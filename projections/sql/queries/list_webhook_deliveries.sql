-- Deliveries with one of these statuses, the newest first, with their events. Each status is read along its index
-- (site, status, position), so that few failures are found among many successes: no other index has the order of the
-- inner query, whatever a plan believes of how many there are.
WITH listed AS (
    SELECT one.*
    FROM unnest($2::text[]) AS wanted (status)
    CROSS JOIN LATERAL (
        SELECT position, endpoint_id, status, recorded_at, attempts, due_at, last_finished_at, failure_reason
        FROM ledger.webhook_delivery AS delivery
        WHERE
            site = $1
            AND (delivery.status, position) <= (wanted.status, $5::bigint)
            AND delivery.status >= wanted.status
            AND (position, endpoint_id) < ($5::bigint, $6::text)
            AND ($3::text[] IS NULL OR endpoint_id = ANY ($3))
            AND recorded_at >= $4
        ORDER BY delivery.status DESC, position DESC
        FETCH FIRST ($7::bigint) ROWS WITH TIES
    ) AS one
    ORDER BY one.position DESC, one.endpoint_id DESC
    LIMIT $7
)
SELECT
    listed.position,
    event.event_id,
    event.type,
    listed.recorded_at,
    listed.endpoint_id,
    listed.status,
    listed.attempts,
    listed.due_at,
    listed.last_finished_at,
    listed.failure_reason
FROM listed
CROSS JOIN LATERAL (
    SELECT recorded.event_id, recorded.type
    FROM ledger.event AS recorded
    WHERE recorded.site = $1 AND recorded.position = listed.position
    LIMIT 1
) AS event
ORDER BY listed.position DESC, listed.endpoint_id DESC
