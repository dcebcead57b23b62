-- The documents that are kept of one order ($2), else of all orders behind one ($3; '' for all) and up to another ($4),
-- or to the last. Both ends bound the index scan, whatever is given.
SELECT id, version, document
FROM ledger.order_version_document
WHERE site = $1 AND id >= coalesce(($2::text[])[1], $3) AND (id > $3 OR $3 = '')
    AND id <= coalesce(($2)[1], $4::text, (SELECT max(id) FROM ledger.order_version_document WHERE site = $1))
ORDER BY id, version
