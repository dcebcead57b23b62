DELETE FROM ledger.order_version_page WHERE site = $1 AND position <= $2
