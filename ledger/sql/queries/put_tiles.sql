INSERT INTO ledger.tile AS present (site, level, index, hashes)
SELECT $1, tile.level, tile.index, tile.hashes
FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) AS tile (level, index, hashes)
ON CONFLICT (site, level, index) DO UPDATE SET hashes = excluded.hashes
