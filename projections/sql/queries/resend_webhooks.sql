-- What came of a delivery is shown until the new call has finished. One that somebody is making at this moment is not
-- made again.
INSERT INTO ledger.webhook_delivery AS delivery (site, position, endpoint_id, place, status, recorded_at, due_at)
SELECT $1, given.position, given.endpoint_id, given.place, 'scheduled', given.recorded_at, $6
FROM unnest($2::bigint[], $3::text[], $4::smallint[], $5::bigint[])
    AS given (position, endpoint_id, place, recorded_at)
ON CONFLICT (site, position, endpoint_id) DO UPDATE
SET
    due_at = excluded.due_at,
    attempts = 0,
    status = CASE WHEN delivery.first_finished_at IS NULL THEN 'scheduled' ELSE delivery.status END
WHERE delivery.claim IS NULL
RETURNING delivery.position
