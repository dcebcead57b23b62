-- As failed, so that they are shown, and made again by whoever asks for it.
UPDATE ledger.webhook_delivery
SET status = 'failed', due_at = NULL, claim = NULL, failure_reason = $1
WHERE due_at IS NOT NULL
