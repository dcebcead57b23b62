UPDATE ledger.webhook_delivery
SET claim = NULL, due_at = CASE WHEN due_at IS NULL THEN NULL ELSE $5::bigint END
WHERE site = $1 AND position = $2 AND endpoint_id = $3 AND claim = $4
