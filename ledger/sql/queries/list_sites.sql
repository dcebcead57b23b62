SELECT site.site, site.live, site.created_at, head.position
FROM ledger.site
JOIN ledger.head USING (site)
ORDER BY site.site
