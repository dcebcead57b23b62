-- Sites at which a delivery waits, for its first call or for another one: the first row that an index has is enough.
SELECT site
FROM ledger.head
WHERE
    EXISTS (
        SELECT FROM ledger.webhook_delivery AS delivery
        WHERE delivery.site = head.site AND delivery.due_at IS NOT NULL AND delivery.first_finished_at IS NULL
    )
    OR EXISTS (
        SELECT FROM ledger.webhook_delivery AS delivery
        WHERE delivery.site = head.site AND delivery.due_at IS NOT NULL AND delivery.first_finished_at IS NOT NULL
    )
ORDER BY site
