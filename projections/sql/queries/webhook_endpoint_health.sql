SELECT
    known.endpoint_id,
    EXISTS (
        SELECT FROM ledger.webhook_delivery AS delivery
        WHERE
            delivery.site = $1
            AND delivery.endpoint_id = known.endpoint_id
            AND delivery.status IN ('re_scheduled', 'failed')
            AND delivery.last_finished_at >= $3
    ) AS failed_lately,
    (
        SELECT count(*)
        FROM (
            SELECT FROM ledger.webhook_delivery AS delivery
            WHERE delivery.site = $1 AND delivery.endpoint_id = known.endpoint_id AND delivery.due_at IS NOT NULL
            LIMIT $4
        ) AS waiting
    ) AS waiting
FROM unnest($2::text[]) AS known (endpoint_id)
