SELECT position, latest_ms, lag_ms_max, lead_s_max
FROM ledger.order_version_page
WHERE site = $1 AND position > $2 AND position <= $3
ORDER BY position
