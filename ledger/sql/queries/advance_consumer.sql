-- From the head of the site: a distributed engine then knows which node the row belongs to (ops/deploy/scale-out.md).
INSERT INTO ledger.consumer AS present (site, name, position)
SELECT head.site, $2::text, $3::bigint
FROM ledger.head
WHERE
    head.site = $1
    -- A consumer that is not there yet stands at 0, and moves on from nowhere else.
    AND (
        $4 = 0
        OR EXISTS (SELECT FROM ledger.consumer WHERE consumer.site = head.site AND consumer.name = $2)
    )
ON CONFLICT (site, name) DO UPDATE SET position = excluded.position
WHERE present.position = $4
RETURNING position
