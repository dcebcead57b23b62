DELETE FROM ledger.webhook_credentials WHERE site = $1 AND id <> ALL ($2::text[]) AND created_at < $3
