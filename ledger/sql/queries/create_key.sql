INSERT INTO ledger.api_key (site, name, kind, digest, hint, created_at)
SELECT site, $2, $3, $4, $5, $6 FROM ledger.site WHERE site = $1
RETURNING site
