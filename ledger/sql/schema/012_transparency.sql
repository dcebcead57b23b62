-- Tamper evidence: the Merkle tree over each site's log, the checkpoints that were signed, and where they are kept.
CREATE TABLE ledger.tile (
    site text COLLATE "C" NOT NULL,
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    index bigint NOT NULL CHECK (index >= 0),
    hashes bytea NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
    PRIMARY KEY (site, level, index)
);
COMMENT ON TABLE ledger.tile IS 'The tree as tiles of up to 256 hashes (C2SP tlog-tiles). Computed, never believed';
COMMENT ON COLUMN ledger.tile.hashes IS 'The widest bytes so far; a partial tile is a prefix of the full one';
-- Hashes cannot be compressed; trying would cost time with every checkpoint.
ALTER TABLE ledger.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE ledger.checkpoint (
    site text COLLATE "C" NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    note bytea NOT NULL,
    signed_at bigint NOT NULL,
    PRIMARY KEY (site, size)
);
COMMENT ON TABLE ledger.checkpoint IS 'Every checkpoint that was signed (C2SP tlog-checkpoint). Never changed or removed';
COMMENT ON COLUMN ledger.checkpoint.signed_at IS 'Milliseconds since 1970';

CREATE TABLE ledger.anchor (
    site text COLLATE "C" NOT NULL,
    place text COLLATE "C" NOT NULL,
    size bigint NOT NULL,
    anchored_at bigint NOT NULL,
    PRIMARY KEY (site, place, size),
    FOREIGN KEY (site, size) REFERENCES ledger.checkpoint (site, size)
);
COMMENT ON TABLE ledger.anchor IS
    'Which checkpoints were handed to which place outside. Bookkeeping: what counts is what the place has';

GRANT SELECT, INSERT ON ledger.checkpoint, ledger.anchor TO order_ledger_service;
GRANT SELECT, INSERT, UPDATE (hashes) ON ledger.tile TO order_ledger_service;
