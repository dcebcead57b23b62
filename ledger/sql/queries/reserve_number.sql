INSERT INTO ledger.number_series AS present (site, series, next)
VALUES ($1, $2, $3 + 1)
ON CONFLICT (site, series) DO UPDATE SET next = greatest(present.next, $3) + 1
RETURNING next - 1 AS number
