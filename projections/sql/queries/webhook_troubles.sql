-- Deliveries with one of these statuses, the newest first, with their events.
SELECT
    delivery.position,
    event.event_id,
    event.type,
    delivery.recorded_at,
    delivery.endpoint_id,
    delivery.status,
    delivery.attempts,
    delivery.due_at,
    delivery.last_finished_at,
    delivery.failure_reason
FROM ledger.webhook_delivery AS delivery
JOIN ledger.event USING (site, position)
WHERE
    delivery.site = $1
    AND delivery.status = ANY ($2::text[])
    AND delivery.recorded_at >= $3
    AND ($4::text IS NULL OR delivery.endpoint_id = $4)
ORDER BY delivery.position DESC, delivery.place
LIMIT $5
