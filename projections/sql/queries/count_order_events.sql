SELECT count(*) FROM ledger.event WHERE site = $1 AND stream >= 'order-' AND stream < 'order.'
