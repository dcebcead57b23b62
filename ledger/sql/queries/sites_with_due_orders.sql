SELECT site
FROM ledger.site
WHERE EXISTS (SELECT FROM ledger.order_clock WHERE order_clock.site = site.site AND order_clock.look_at <= $1)
ORDER BY site
