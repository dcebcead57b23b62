UPDATE ledger.api_key
SET revoked_at = $3
WHERE site = $1 AND (name = $2 OR hint = $2) AND revoked_at IS NULL
RETURNING site, name, kind, hint, created_at, revoked_at
