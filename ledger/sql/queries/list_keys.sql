SELECT site, name, kind, hint, created_at, revoked_at
FROM ledger.api_key
WHERE $1::text IS NULL OR site = $1
ORDER BY site, created_at, name
