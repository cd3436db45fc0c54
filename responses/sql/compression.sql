-- Long answers are read far more often than they are written, and lz4 unpacks in half the time of
-- the default. Some builds of PostgreSQL lack lz4; with the default the same work takes longer.
DO $$ BEGIN
    ALTER TABLE responses_response ALTER COLUMN choices SET COMPRESSION lz4;
    ALTER TABLE responses_response ALTER COLUMN texts SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
