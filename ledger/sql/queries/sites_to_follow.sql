-- Also those whose log ends before what was handled: somebody restored an older copy, and it has to be told.
SELECT head.site
FROM ledger.head
LEFT JOIN ledger.consumer ON consumer.site = head.site AND consumer.name = $1
WHERE head.position <> coalesce(consumer.position, 0)
ORDER BY head.site
