-- Each site's log: its last position, how far its tree is in the tiles, and the size of its last checkpoint.
SELECT
    head.site,
    head.position AS head,
    coalesce(consumer.position, 0) AS tiled,
    coalesce(checkpoint.size, 0) AS checkpointed
FROM ledger.head
LEFT JOIN ledger.consumer ON consumer.site = head.site AND consumer.name = $1
LEFT JOIN LATERAL (
    SELECT max(checkpoint.size) AS size FROM ledger.checkpoint WHERE checkpoint.site = head.site
) AS checkpoint ON true
ORDER BY head.site
