SELECT api_key.site, api_key.name, api_key.kind, site.live
FROM ledger.api_key
JOIN ledger.site USING (site)
WHERE api_key.digest = $1 AND api_key.revoked_at IS NULL
