INSERT INTO ledger.consumer AS present (site, name, position)
SELECT $1, $2, $3
-- A consumer that is not there yet stands at 0, and moves on from nowhere else.
WHERE $4 = 0 OR EXISTS (SELECT FROM ledger.consumer WHERE site = $1 AND name = $2)
ON CONFLICT (site, name) DO UPDATE SET position = excluded.position
WHERE present.position = $4
RETURNING position
