INSERT INTO ledger.webhook_credentials (site, id, username, password, created_at) VALUES ($1, $2, $3, $4, $5)
