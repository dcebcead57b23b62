SELECT count(*) AS sites, coalesce(sum(position), 0) AS events FROM ledger.head
