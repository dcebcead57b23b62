INSERT INTO ledger.number_series AS present (site, series, next)
VALUES ($1, $2, $3::bigint + $4::bigint)
ON CONFLICT (site, series) DO UPDATE SET next = greatest(present.next, $3::bigint) + $4::bigint
RETURNING next - $4::bigint AS number
