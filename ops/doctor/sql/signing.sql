-- Each log: its end, and since when its first event without a checkpoint, and without an anchor in the file, waits.
SELECT
    head.site,
    head.position AS head,
    unsigned.recorded_at AS unsigned_since,
    unanchored.recorded_at AS unanchored_since
FROM ledger.head
LEFT JOIN LATERAL (
    SELECT max(checkpoint.size) AS size FROM ledger.checkpoint WHERE checkpoint.site = head.site
) AS signed ON true
LEFT JOIN LATERAL (
    SELECT max(anchor.size) AS size FROM ledger.anchor WHERE anchor.site = head.site AND anchor.place = 'file'
) AS anchored ON true
LEFT JOIN ledger.event AS unsigned
    ON unsigned.site = head.site AND unsigned.position = coalesce(signed.size, 0) + 1
LEFT JOIN ledger.event AS unanchored
    ON unanchored.site = head.site AND unanchored.position = coalesce(anchored.size, 0) + 1
ORDER BY head.site
