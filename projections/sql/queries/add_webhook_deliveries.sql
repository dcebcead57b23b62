INSERT INTO ledger.webhook_delivery
    (site, position, endpoint_id, place, status, recorded_at, due_at, failure_reason)
SELECT $1, given.*
FROM unnest(
    $2::bigint[], $3::text[], $4::smallint[], $5::text[], $6::bigint[], $7::bigint[], $8::text[]
) AS given (position, endpoint_id, place, status, recorded_at, due_at, failure_reason)
