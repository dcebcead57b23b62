SELECT endpoint_id, status, count(*) AS deliveries, max(last_finished_at) AS last_finished_at
FROM ledger.webhook_delivery
WHERE site = $1
GROUP BY endpoint_id, status
ORDER BY endpoint_id, status
