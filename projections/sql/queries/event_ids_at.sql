SELECT position, event_id FROM ledger.event WHERE site = $1 AND position = ANY ($2::bigint[])
