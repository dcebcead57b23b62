INSERT INTO ledger.request
SELECT *
FROM json_populate_recordset(NULL::ledger.request, $1::text::json)
-- Whoever does not know whether the rows were written writes them again.
ON CONFLICT (site, id) DO NOTHING
