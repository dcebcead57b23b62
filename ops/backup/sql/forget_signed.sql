-- What was signed for all logs, and their trees, which the checkpointer then makes anew from the first event on. The
-- service has no right to any of this.
UPDATE ledger.consumer SET position = 0 WHERE name = 'checkpointer';
DELETE FROM ledger.anchor;
DELETE FROM ledger.checkpoint;
DELETE FROM ledger.tile;
