INSERT INTO ledger.consumer AS present (site, name, position)
VALUES ($1, $2, $3)
ON CONFLICT (site, name) DO UPDATE SET position = excluded.position
WHERE present.position = $4
RETURNING position
