SELECT site, endpoint_id, count(*) AS deliveries
FROM ledger.webhook_delivery
WHERE due_at IS NOT NULL
GROUP BY site, endpoint_id
ORDER BY site, endpoint_id
