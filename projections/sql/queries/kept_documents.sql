SELECT kept.id, kept.document
FROM unnest($2::text[], $3::integer[]) AS wanted (id, version)
CROSS JOIN LATERAL (
    SELECT each.id, each.document
    FROM ledger.order_version_document AS each
    WHERE each.site = $1 AND each.id = wanted.id AND each.version = wanted.version
    OFFSET 0
) AS kept
