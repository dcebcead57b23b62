-- The oldest ones by position, which is nearly the order of their times.
DELETE FROM ledger.webhook_delivery AS delivery
USING (
    SELECT position, endpoint_id, recorded_at
    FROM ledger.webhook_delivery
    WHERE site = $1
    ORDER BY position
    LIMIT $3
) AS oldest
WHERE
    delivery.site = $1
    AND delivery.position = oldest.position
    AND delivery.endpoint_id = oldest.endpoint_id
    AND oldest.recorded_at < $2
