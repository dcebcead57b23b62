-- Endpoints with something to do: from one to the next by the index, however much waits at each.
WITH RECURSIVE first AS (
    (
        SELECT site, endpoint_id
        FROM ledger.webhook_delivery
        WHERE due_at IS NOT NULL AND first_finished_at IS NULL
        ORDER BY site, endpoint_id
        LIMIT 1
    )
    UNION ALL
    SELECT next.site, next.endpoint_id
    FROM first
    CROSS JOIN LATERAL (
        SELECT site, endpoint_id
        FROM ledger.webhook_delivery
        WHERE due_at IS NOT NULL AND first_finished_at IS NULL AND (site, endpoint_id) > (first.site, first.endpoint_id)
        ORDER BY site, endpoint_id
        LIMIT 1
    ) AS next
),
again AS (
    (
        SELECT site, endpoint_id
        FROM ledger.webhook_delivery
        WHERE due_at IS NOT NULL AND first_finished_at IS NOT NULL
        ORDER BY site, endpoint_id
        LIMIT 1
    )
    UNION ALL
    SELECT next.site, next.endpoint_id
    FROM again
    CROSS JOIN LATERAL (
        SELECT site, endpoint_id
        FROM ledger.webhook_delivery
        WHERE
            due_at IS NOT NULL
            AND first_finished_at IS NOT NULL
            AND (site, endpoint_id) > (again.site, again.endpoint_id)
        ORDER BY site, endpoint_id
        LIMIT 1
    ) AS next
)
SELECT site, endpoint_id FROM first
UNION
SELECT site, endpoint_id
FROM again
WHERE
    EXISTS (
        SELECT FROM ledger.webhook_delivery AS delivery
        WHERE
            delivery.site = again.site
            AND delivery.endpoint_id = again.endpoint_id
            AND delivery.first_finished_at IS NOT NULL
            AND delivery.due_at <= $1
    )
