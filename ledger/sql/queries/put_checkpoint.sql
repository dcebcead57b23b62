INSERT INTO ledger.checkpoint (site, size, note, signed_at) VALUES ($1, $2, $3, $4)
