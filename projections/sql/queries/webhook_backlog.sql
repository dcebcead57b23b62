-- Deliveries that wait for a first call or a further one, over all sites, each counted up to a bound; and since when the
-- oldest of an endpoint waits for its first call.
WITH RECURSIVE lane AS (
    (
        SELECT site, endpoint_id, recorded_at
        FROM ledger.webhook_delivery
        WHERE due_at IS NOT NULL AND first_finished_at IS NULL
        ORDER BY site, endpoint_id, position
        LIMIT 1
    )
    UNION ALL
    SELECT next.site, next.endpoint_id, next.recorded_at
    FROM lane
    CROSS JOIN LATERAL (
        SELECT site, endpoint_id, recorded_at
        FROM ledger.webhook_delivery
        WHERE due_at IS NOT NULL AND first_finished_at IS NULL AND (site, endpoint_id) > (lane.site, lane.endpoint_id)
        ORDER BY site, endpoint_id, position
        LIMIT 1
    ) AS next
)
SELECT
    (
        SELECT count(*)
        FROM (
            SELECT FROM ledger.webhook_delivery WHERE due_at IS NOT NULL AND first_finished_at IS NULL LIMIT $1
        ) AS waiting
    ) AS first_calls,
    (
        SELECT count(*)
        FROM (
            SELECT FROM ledger.webhook_delivery WHERE due_at IS NOT NULL AND first_finished_at IS NOT NULL LIMIT $1
        ) AS waiting
    ) AS further_calls,
    (SELECT min(recorded_at) FROM lane) AS waiting_since
