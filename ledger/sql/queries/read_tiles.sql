SELECT tile.level, tile.index, tile.hashes
FROM unnest($2::smallint[], $3::bigint[]) AS wanted (level, index)
JOIN ledger.tile ON tile.site = $1 AND tile.level = wanted.level AND tile.index = wanted.index
