-- Keep the documents of orders that the view shows in just these versions.
INSERT INTO ledger.order_version_document (site, id, version, document)
SELECT $1, shown.id, shown.version, shown.document
FROM unnest($2::text[], $3::integer[]) AS wanted (id, version)
CROSS JOIN LATERAL (
    SELECT order_view.id, order_view.version, order_view.document
    FROM ledger.order_view
    WHERE order_view.site = $1 AND order_view.id = wanted.id AND order_view.version = wanted.version
        AND octet_length(order_view.document) <= $4
    OFFSET 0
) AS shown
-- Where a row is there already, a rebuild wrote it from the events.
ON CONFLICT (site, id, version) DO NOTHING
