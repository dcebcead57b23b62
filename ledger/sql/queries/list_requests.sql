-- {access} chooses the index; it repeats what a filter below says.
SELECT to_json(request)::text AS request
FROM ledger.request
WHERE site = $1
    AND {access}
    AND (at, id) < ($2, $3)
    AND at BETWEEN $4 AND $5
    AND ($6::boolean IS NULL OR (status >= 400) = $6)
    AND ($7::text IS NULL OR business_entity_id = $7)
    AND ($8::text[] IS NULL OR order_id = ANY ($8))
    AND (order_id = ANY ($9::text[])) IS NOT TRUE
    AND ($10::text[] IS NULL OR actor = ANY ($10))
    AND (actor = ANY ($11::text[])) IS NOT TRUE
    AND ($12::text[] IS NULL OR operation = ANY ($12))
    AND (operation = ANY ($13::text[])) IS NOT TRUE
    AND ($14::text[] IS NULL OR api_error_code = ANY ($14))
    AND (api_error_code = ANY ($15::text[])) IS NOT TRUE
    AND ($16::integer[] IS NULL OR status = ANY ($16))
    AND (status = ANY ($17::integer[])) IS NOT TRUE
ORDER BY at DESC, id DESC
LIMIT $18
