-- Of some orders, the version that held at a moment, where a later one has replaced it: {begun} leaves those that the
-- order had by then; of these the newest counts, if nothing had replaced it yet.
SELECT version.{sort} AS sort_value, version.id, version.version
FROM unnest({ids}::text[]) AS wanted (wanted_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM ledger.order_version
    WHERE site = $1 AND id = wanted.wanted_id AND {begun}
    ORDER BY from_position DESC
    LIMIT 1
) AS version
WHERE {holds} AND {conditions}
