-- The words of every response, kept ready for the search and written together with the response.

-- Returns the words to search for. PostgreSQL keeps at most 1 MB of words in one value and refuses
-- the row otherwise, but no response is refused for its length: words beyond the first 200,000
-- characters, which can never take up that much, are not searched.
CREATE OR REPLACE FUNCTION words_of(texts jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(texts::text) <= 200000 THEN to_tsvector('english', texts) ELSE
        to_tsvector('english', left(
            (SELECT string_agg(value, E'\n') FROM jsonb_each_text(texts)), 200000
        )) END
$$;

-- Refuses nothing: a response that is written, or emptied, is found by the words it has now.
CREATE OR REPLACE FUNCTION gather_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO responses_searchtext (response_id, words) VALUES (NEW.id, words_of(NEW.texts))
        ON CONFLICT (response_id) DO UPDATE SET words = EXCLUDED.words;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER gather_words AFTER INSERT OR UPDATE OF texts ON responses_response
    FOR EACH ROW EXECUTE FUNCTION gather_words();
