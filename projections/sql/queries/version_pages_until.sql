-- What is known of the log's times behind a position ($2) and up to another ($3), or to the end.
SELECT position, latest_ms, lag_ms_max, lead_s_max
FROM ledger.order_version_page
WHERE site = $1 AND position > $2 AND position <= coalesce($3::bigint, 9223372036854775807)
ORDER BY position
