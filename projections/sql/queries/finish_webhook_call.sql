-- Without due_at the endpoint was stopped while it was called: a success counts, a failure is not tried again. Then
-- the next endpoint of the event has its turn at once, and those behind it in theirs.
WITH finished AS (
    UPDATE ledger.webhook_delivery
    SET
        status = CASE
            WHEN $6::text IS NULL THEN 'succeeded'
            WHEN due_at IS NULL THEN 'disabled'
            WHEN $7::bigint IS NULL THEN 'failed'
            ELSE 're_scheduled'
        END,
        due_at = CASE WHEN $6::text IS NULL OR due_at IS NULL THEN NULL ELSE $7 END,
        claim = NULL,
        attempts = attempts + 1,
        first_finished_at = coalesce(first_finished_at, $5),
        last_finished_at = $5,
        failure_reason = $6
    WHERE site = $1 AND position = $2 AND endpoint_id = $3 AND claim = $4
    RETURNING place
),
waiting AS (
    SELECT delivery.endpoint_id, row_number() OVER (ORDER BY delivery.place) - 1 AS turn
    FROM ledger.webhook_delivery AS delivery
    CROSS JOIN finished
    WHERE
        delivery.site = $1
        AND delivery.position = $2
        AND delivery.place > finished.place
        AND delivery.due_at > $5
        AND delivery.claim IS NULL
        AND delivery.first_finished_at IS NULL
)
UPDATE ledger.webhook_delivery AS delivery
SET due_at = least(delivery.due_at, $5 + $8 * waiting.turn)
FROM waiting
WHERE
    delivery.site = $1
    AND delivery.position = $2
    AND delivery.endpoint_id = waiting.endpoint_id
    AND delivery.due_at > $5
    AND delivery.claim IS NULL
RETURNING delivery.endpoint_id
