SELECT reason, sum(count) AS count FROM ledger.request_not_kept GROUP BY reason ORDER BY reason
