INSERT INTO ledger.request_not_kept AS known (site, reason, count, last_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (site, reason) DO UPDATE
SET count = known.count + excluded.count, last_at = greatest(known.last_at, excluded.last_at)
