-- Endpoints of a site with something to do: from one to the next by the index, however much waits at each.
WITH RECURSIVE first AS (
    (
        SELECT endpoint_id
        FROM ledger.webhook_delivery
        WHERE site = $1 AND due_at IS NOT NULL AND first_finished_at IS NULL
        ORDER BY endpoint_id
        LIMIT 1
    )
    UNION ALL
    SELECT next.endpoint_id
    FROM first
    CROSS JOIN LATERAL (
        SELECT endpoint_id
        FROM ledger.webhook_delivery
        WHERE
            site = $1
            AND due_at IS NOT NULL
            AND first_finished_at IS NULL
            AND endpoint_id > first.endpoint_id
        ORDER BY endpoint_id
        LIMIT 1
    ) AS next
),
again AS (
    (
        SELECT endpoint_id
        FROM ledger.webhook_delivery
        WHERE site = $1 AND due_at IS NOT NULL AND first_finished_at IS NOT NULL
        ORDER BY endpoint_id
        LIMIT 1
    )
    UNION ALL
    SELECT next.endpoint_id
    FROM again
    CROSS JOIN LATERAL (
        SELECT endpoint_id
        FROM ledger.webhook_delivery
        WHERE
            site = $1
            AND due_at IS NOT NULL
            AND first_finished_at IS NOT NULL
            AND endpoint_id > again.endpoint_id
        ORDER BY endpoint_id
        LIMIT 1
    ) AS next
)
SELECT endpoint_id FROM first
UNION
SELECT endpoint_id
FROM again
WHERE
    EXISTS (
        SELECT FROM ledger.webhook_delivery AS delivery
        WHERE
            delivery.site = $1
            AND delivery.endpoint_id = again.endpoint_id
            AND delivery.first_finished_at IS NOT NULL
            AND delivery.due_at <= $2
    )
