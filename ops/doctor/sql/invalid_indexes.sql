SELECT indexrelid::regclass::text AS name
FROM pg_index
JOIN pg_class ON pg_class.oid = indrelid
WHERE relnamespace = 'ledger'::regnamespace AND NOT indisvalid
ORDER BY 1
