-- What was published is read far more often than it is written, and lz4 unpacks in half the time of
-- the default. Some builds of PostgreSQL lack lz4; with the default the same work takes longer.
DO $$ BEGIN
    ALTER TABLE consult_edition ALTER COLUMN content SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
