-- Keep the documents of orders that the view shows in just these versions, and with just these digests (SHA-256 in hex).
INSERT INTO ledger.order_version_document (site, id, version, document)
SELECT $1, shown.id, shown.version, shown.document
FROM unnest($2::text[], $3::integer[], $4::text[]) AS wanted (id, version, digest)
CROSS JOIN LATERAL (
    SELECT order_view.id, order_view.version, order_view.document
    FROM ledger.order_view
    WHERE order_view.site = $1 AND order_view.id = wanted.id AND order_view.version = wanted.version
        AND octet_length(order_view.document) <= $5
        AND encode(sha256(order_view.document), 'hex') = wanted.digest
    OFFSET 0
) AS shown
-- Where a row is there already, a rebuild wrote it from the events.
ON CONFLICT (site, id, version) DO NOTHING
