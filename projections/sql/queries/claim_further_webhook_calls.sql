-- Retries and resends, by the time at which they are due.
WITH chosen AS MATERIALIZED (
    SELECT position
    FROM ledger.webhook_delivery
    WHERE site = $1 AND endpoint_id = $2 AND due_at <= $3 AND first_finished_at IS NOT NULL
    ORDER BY due_at
    LIMIT $6
)
UPDATE ledger.webhook_delivery AS delivery
SET claim = $4, due_at = $5
FROM chosen
WHERE
    delivery.site = $1
    AND delivery.endpoint_id = $2
    AND delivery.position = chosen.position
    AND delivery.due_at <= $3
RETURNING delivery.position, delivery.status, delivery.attempts, delivery.first_finished_at, delivery.failure_reason
