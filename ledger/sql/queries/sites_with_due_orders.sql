SELECT site
FROM ledger.head
WHERE EXISTS (SELECT FROM ledger.order_clock WHERE order_clock.site = head.site AND order_clock.look_at <= $1)
ORDER BY site
