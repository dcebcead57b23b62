SELECT event_id, position FROM ledger.event WHERE site = $1 AND event_id = ANY ($2::text[])
