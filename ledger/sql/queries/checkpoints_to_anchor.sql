-- The last checkpoint of each site that a place has not been handed yet.
SELECT latest.site, latest.size, latest.note
FROM ledger.head
CROSS JOIN LATERAL (
    SELECT checkpoint.site, checkpoint.size, checkpoint.note
    FROM ledger.checkpoint
    WHERE checkpoint.site = head.site
    ORDER BY checkpoint.size DESC
    LIMIT 1
) AS latest
WHERE latest.size > coalesce(
    (SELECT max(anchor.size) FROM ledger.anchor WHERE anchor.site = latest.site AND anchor.place = $1), 0
)
ORDER BY latest.site
