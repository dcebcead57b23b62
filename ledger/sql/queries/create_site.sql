WITH created AS (
    INSERT INTO ledger.site (site, live, created_at)
    VALUES ($1, $2, $3)
    ON CONFLICT (site) DO NOTHING
    RETURNING site
)
INSERT INTO ledger.head (site)
SELECT site FROM created
RETURNING site
