INSERT INTO ledger.anchor (site, place, size, anchored_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
