-- First calls in the order of the log: one whose turn has not come holds up those behind it. One that is being made
-- does not; of these there are fewer than the rows that are looked at.
WITH waiting AS MATERIALIZED (
    SELECT position, due_at, claim
    FROM ledger.webhook_delivery
    WHERE site = $1 AND endpoint_id = $2 AND due_at IS NOT NULL AND first_finished_at IS NULL
    ORDER BY position
    LIMIT 100
),
chosen AS (
    SELECT position
    FROM waiting
    WHERE
        due_at <= $3
        AND position < coalesce(
            (SELECT min(position) FROM waiting WHERE due_at > $3 AND claim IS NULL), 9223372036854775807
        )
    ORDER BY position
    LIMIT $6
)
UPDATE ledger.webhook_delivery AS delivery
SET claim = $4, due_at = $5
FROM chosen
WHERE
    delivery.site = $1
    AND delivery.endpoint_id = $2
    AND delivery.position = chosen.position
    -- Somebody else may have been faster.
    AND delivery.due_at <= $3
RETURNING delivery.position, delivery.status, delivery.attempts, delivery.first_finished_at, delivery.failure_reason
