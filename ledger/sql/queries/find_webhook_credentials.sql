SELECT username, password FROM ledger.webhook_credentials WHERE site = $1 AND id = $2
