-- The documents that are kept of some orders; without ids, of all orders behind one ($3) and up to another ($4).
SELECT id, version, document
FROM ledger.order_version_document
WHERE site = $1 AND ($2::text[] IS NULL OR id = ANY ($2)) AND id > $3 AND ($4::text IS NULL OR id <= $4)
ORDER BY id, version
