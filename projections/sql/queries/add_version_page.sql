INSERT INTO ledger.order_version_page (site, position, latest_ms, lag_ms_max, lead_s_max) VALUES ($1, $2, $3, $4, $5)
