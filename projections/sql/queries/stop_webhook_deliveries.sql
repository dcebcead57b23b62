-- Endpoints that are gone or disabled get no further calls. Whoever is calling one at this moment keeps his claim, and
-- may still report a success.
UPDATE ledger.webhook_delivery
SET status = 'disabled', due_at = NULL
WHERE site = $1 AND endpoint_id <> ALL ($2::text[]) AND position <= $3 AND due_at IS NOT NULL
