SELECT latest_ms, lag_ms_max, lead_s_max
FROM ledger.order_version_page
WHERE site = $1
ORDER BY position DESC
LIMIT 1
