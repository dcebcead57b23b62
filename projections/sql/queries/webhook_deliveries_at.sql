SELECT position, endpoint_id, status, first_finished_at, failure_reason
FROM ledger.webhook_delivery
WHERE site = $1 AND position = ANY($2::bigint[])
ORDER BY position, place
