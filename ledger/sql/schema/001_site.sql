-- Sites and their API keys: small reference tables, the same on every node of a distributed engine.
CREATE SCHEMA ledger;

CREATE TABLE ledger.site (
    site text COLLATE "C" NOT NULL PRIMARY KEY CHECK (site ~ '^[a-z0-9][a-z0-9-]{0,49}$'),
    live boolean NOT NULL,
    created_at bigint NOT NULL
);
COMMENT ON TABLE ledger.site IS 'One tenant: one log, one total order, one Merkle tree, one set of keys';

CREATE TABLE ledger.api_key (
    site text COLLATE "C" NOT NULL REFERENCES ledger.site (site),
    name text COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 50),
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('full', 'read_only')),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    hint text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint,
    PRIMARY KEY (site, digest)
);
COMMENT ON COLUMN ledger.api_key.digest IS 'SHA-256 of the key; the key itself is never stored';
COMMENT ON COLUMN ledger.api_key.hint IS 'Last four characters, for people';

-- A request brings a key and no site.
CREATE INDEX api_key_by_digest ON ledger.api_key (digest);
