SELECT site, 'orders' AS what, count(DISTINCT stream) AS count
FROM ledger.parked
GROUP BY site

UNION ALL
SELECT site, 'invoices', count(*)
FROM ledger.parked_invoice
GROUP BY site

ORDER BY 1, 2
