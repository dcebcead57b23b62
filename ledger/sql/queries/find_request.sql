SELECT to_json(request)::text AS request
FROM ledger.request
WHERE site = $1 AND id = $2
