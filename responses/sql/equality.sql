-- Equality answers bear no instant, which would lead to a response, so they are held to no act.
-- What writes them seals them instead.

-- Returns the seal of one row: a hash of its random id and what it says. Refuses nothing. No
-- trigger makes it, since a trigger would make it for plain SQL too.
CREATE OR REPLACE FUNCTION equality_seal(id uuid, edition_id bigint, choices jsonb, texts jsonb)
    RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(
        id::text || ' ' || edition_id || ' ' || choices::text || ' ' || texts::text, 'UTF8'
    )), 'hex')
$$;
