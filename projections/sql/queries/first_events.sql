SELECT stream, body FROM ledger.event WHERE site = $1 AND stream = ANY ($2::text[]) AND version = 1
