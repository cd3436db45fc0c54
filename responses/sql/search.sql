-- The words of every response, kept ready for the search and written together with the response:
-- as they were typed, and as English has them without their endings.

-- Returns a text as it is compared: without accents, points, case, width, ligatures and what nobody
-- sees, and with one apostrophe for all.
CREATE OR REPLACE FUNCTION folded(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN said ~ '[^\u0001-\u007f]' THEN
    normalize(lower(upper(translate(replace(replace(replace(regexp_replace(
        normalize(translate(said, '’‘‛ʼʻ′＇`´', repeat('''', 9)), NFKD),
        '[\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7'
        '\u0610-\u061a\u061c\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u115f'
        '\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e'
        '\u2060-\u206f\u20d0-\u20ff\u3164\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\ufff0-\ufff8'
        '\U000e0000-\U000e0fff]', '', 'g'
    ), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'ØøĐđŁłı', 'OoDdLli'))), NFC)
    ELSE lower(translate(said, '`', '''')) END
$$;

-- Returns everything but letters, digits, the marks on them and apostrophes, as the inside of a
-- character class: by Unicode and not by the database's locale.
CREATE OR REPLACE FUNCTION between_words() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT
    '\u0001-\u0026\u0028-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4'
    '\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u02c2-\u02c5\u02d2-\u02df\u02e5-\u02eb\u02ed'
    '\u02ef-\u02ff\u0375\u037e\u0384-\u0385\u0387\u03f6\u0482\u055a-\u055f\u0589-\u058f\u05be'
    '\u05c0\u05c3\u05c6\u05f3-\u060f\u061b-\u061f\u066a-\u066d\u06d4\u06dd-\u06de\u06e9'
    '\u06fd-\u06fe\u0700-\u070f\u07f6-\u07f9\u07fe-\u07ff\u0830-\u083e\u085e\u0888\u0890-\u0891'
    '\u08e2\u0964-\u0965\u0970\u09f2-\u09f3\u09fa-\u09fb\u09fd\u0a76\u0af0-\u0af1\u0b70'
    '\u0bf3-\u0bfa\u0c77\u0c7f\u0c84\u0d4f\u0d79\u0df4\u0e3f\u0e4f\u0e5a-\u0e5b\u0f01-\u0f17'
    '\u0f1a-\u0f1f\u0f34\u0f36\u0f38\u0f3a-\u0f3d\u0f85\u0fbe-\u0fc5\u0fc7-\u0fda\u104a-\u104f'
    '\u109e-\u109f\u10fb\u1360-\u1368\u1390-\u1399\u1400\u166d-\u166e\u1680\u169b-\u169c'
    '\u16eb-\u16ed\u1735-\u1736\u17d4-\u17d6\u17d8-\u17db\u1800-\u180a\u180e\u1940-\u1945'
    '\u19de-\u19ff\u1a1e-\u1a1f\u1aa0-\u1aa6\u1aa8-\u1aad\u1b5a-\u1b6a\u1b74-\u1b7e'
    '\u1bfc-\u1bff\u1c3b-\u1c3f\u1c7e-\u1c7f\u1cc0-\u1cc7\u1cd3\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf'
    '\u1fdd-\u1fdf\u1fed-\u1fef\u1ffd-\u206f\u207a-\u207e\u208a-\u208e\u20a0-\u20c0'
    '\u2100-\u2101\u2103-\u2106\u2108-\u2109\u2114\u2116-\u2118\u211e-\u2123\u2125\u2127\u2129'
    '\u212e\u213a-\u213b\u2140-\u2144\u214a-\u214d\u214f\u218a-\u244a\u249c-\u24e9\u2500-\u2775'
    '\u2794-\u2bff\u2ce5-\u2cea\u2cf9-\u2cfc\u2cfe-\u2cff\u2d70\u2e00-\u2e2e\u2e30-\u3004'
    '\u3008-\u3020\u3030\u3036-\u3037\u303d-\u303f\u309b-\u309c\u30a0\u30fb\u3190-\u3191'
    '\u3196-\u319f\u31c0-\u31e3\u3200-\u321e\u322a-\u3247\u3250\u3260-\u327f\u328a-\u32b0'
    '\u32c0-\u33ff\u4dc0-\u4dff\ua490-\ua4c6\ua4fe-\ua4ff\ua60d-\ua60f\ua673\ua67e\ua6f2-\ua716'
    '\ua720-\ua721\ua789-\ua78a\ua828-\ua82b\ua836-\ua839\ua874-\ua877\ua8ce-\ua8cf'
    '\ua8f8-\ua8fa\ua8fc\ua92e-\ua92f\ua95f\ua9c1-\ua9cd\ua9de-\ua9df\uaa5c-\uaa5f\uaa77-\uaa79'
    '\uaade-\uaadf\uaaf0-\uaaf1\uab5b\uab6a-\uab6b\uabeb\ufb29\ufbb2-\ufbc2\ufd3e-\ufd4f\ufdcf'
    '\ufdfc-\ufdff\ufe10-\ufe19\ufe30-\ufe6b\ufeff-\uff0f\uff1a-\uff20\uff3b-\uff40'
    '\uff5b-\uff65\uffe0-\ufffd\U00010100-\U00010102\U00010137-\U0001013f\U00010179-\U00010189'
    '\U0001018c-\U000101fc\U0001039f\U000103d0\U0001056f\U00010857\U00010877-\U00010878'
    '\U0001091f\U0001093f\U00010a50-\U00010a58\U00010a7f\U00010ac8\U00010af0-\U00010af6'
    '\U00010b39-\U00010b3f\U00010b99-\U00010b9c\U00010ead\U00010f55-\U00010f59'
    '\U00010f86-\U00010f89\U00011047-\U0001104d\U000110bb-\U000110c1\U000110cd'
    '\U00011140-\U00011143\U00011174-\U00011175\U000111c5-\U000111c8\U000111cd\U000111db'
    '\U000111dd-\U000111df\U00011238-\U0001123d\U000112a9\U0001144b-\U0001144f'
    '\U0001145a-\U0001145d\U000114c6\U000115c1-\U000115d7\U00011641-\U00011643'
    '\U00011660-\U0001166c\U000116b9\U0001173c-\U0001173f\U0001183b\U00011944-\U00011946'
    '\U000119e2\U00011a3f-\U00011a46\U00011a9a-\U00011a9c\U00011a9e-\U00011aa2'
    '\U00011c41-\U00011c45\U00011c70-\U00011c71\U00011ef7-\U00011ef8\U00011fd5-\U00011fff'
    '\U00012470-\U00012474\U00012ff1-\U00012ff2\U00013430-\U00013438\U00016a6e-\U00016a6f'
    '\U00016af5\U00016b37-\U00016b3f\U00016b44-\U00016b45\U00016e97-\U00016e9a\U00016fe2'
    '\U0001bc9c\U0001bc9f-\U0001bca3\U0001cf50-\U0001d164\U0001d16a-\U0001d16c'
    '\U0001d173-\U0001d17a\U0001d183-\U0001d184\U0001d18c-\U0001d1a9\U0001d1ae-\U0001d241'
    '\U0001d245\U0001d300-\U0001d356\U0001d6c1\U0001d6db\U0001d6fb\U0001d715\U0001d735'
    '\U0001d74f\U0001d76f\U0001d789\U0001d7a9\U0001d7c3\U0001d800-\U0001d9ff'
    '\U0001da37-\U0001da3a\U0001da6d-\U0001da74\U0001da76-\U0001da83\U0001da85-\U0001da8b'
    '\U0001e14f\U0001e2ff\U0001e95e-\U0001e95f\U0001ecac\U0001ecb0\U0001ed2e'
    '\U0001eef0-\U0001f0f5\U0001f10d-\U0001fbca'
$$;

-- Returns the letters and digits of a text alone, as they are compared: for names.
CREATE OR REPLACE FUNCTION squeezed(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT regexp_replace(folded(said), '[' || between_words() || ''']+', '', 'g')
$$;

-- Returns the letters of scripts that put no spaces between words.
CREATE OR REPLACE FUNCTION unspaced() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3105-\u312f'
    '\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff'
$$;

-- Returns the words of a text in their order, as they are compared, each after a space. Of a script
-- without spaces they are every two letters that stand together, and the last one alone.
CREATE OR REPLACE FUNCTION words_in(said text) RETURNS text LANGUAGE plpgsql IMMUTABLE
PARALLEL SAFE AS $$
DECLARE
    gaps CONSTANT text := '[' || between_words() || ']+';
    plain text := translate(
        said, '’‘‛ʼʻ′＇`´“”–—…£€•', repeat('''', 9) || repeat(' ', 8)
    );
BEGIN
    IF plain ~ '[^\u0001-\u007f]' THEN
        -- What nobody sees joins. Signs go before letters are taken apart, for some hold letters:
        -- what stands before a trade mark is a word of its own.
        plain := regexp_replace(
            plain, '[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]', '', 'g'
        );
        plain := regexp_replace(folded(regexp_replace(plain, gaps, ' ', 'g')), gaps, ' ', 'g');
    ELSE
        plain := lower(regexp_replace(plain, '[^a-zA-Z0-9'']+', ' ', 'g'));
    END IF;
    plain := regexp_replace(plain, '([' || unspaced() || ']+)', ' \1 ', 'g');
    -- An apostrophe belongs to a word only inside it.
    plain := regexp_replace(' ' || plain || ' ', '''''+|''(?= )|(?<= )''', ' ', 'g');
    IF plain ~ ('[' || unspaced() || ']') THEN
        plain := (
            SELECT string_agg(CASE WHEN part ~ ('^[' || unspaced() || ']')
                THEN substr(part, place, 2) ELSE part END, ' ' ORDER BY number, place)
            FROM unnest(string_to_array(plain, ' ')) WITH ORDINALITY AS parts (part, number),
                generate_series(1, CASE WHEN part ~ ('^[' || unspaced() || ']')
                    THEN length(part) ELSE 1 END) AS place
        );
    END IF;
    RETURN btrim(regexp_replace(plain, ' +', ' ', 'g'));
END $$;

-- Returns a word as a text search writes it. PostgreSQL takes none longer than 2,046 bytes.
CREATE OR REPLACE FUNCTION as_lexeme(word text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT '''' || replace(left(word, 500), '''', '''''') || ''''
$$;

-- Returns the words of all answers, with an apostrophe alone between two, that no phrase goes over.
-- PostgreSQL keeps at most 1 MB of words in one value and refuses the row otherwise, but no
-- response is refused for its length: words beyond the first 200,000 characters, or 60,000 where
-- there are no spaces, which can never take up that much, are not searched.
CREATE OR REPLACE FUNCTION words_said(texts jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT coalesce(string_agg(
        words_in(left(value, greatest(most - before, 0)::integer)), ' '' ' ORDER BY answer
    ), '')
    FROM (
        SELECT value, answer, sum(length(value)) OVER (ORDER BY answer) - length(value) AS before,
            CASE WHEN texts::text ~ ('[' || unspaced() || ']') THEN 60000 ELSE 200000 END AS most
        FROM jsonb_each_text(
            CASE jsonb_typeof(texts) WHEN 'object' THEN texts ELSE '{}' END
        ) WITH ORDINALITY AS answers (question, value, answer)
    ) AS answers
$$;

-- Returns words as a search keeps them: those that `words_said` returns, each with its places.
CREATE OR REPLACE FUNCTION as_typed(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE
PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(as_lexeme(word) || ':' || least(place, 16383), ' '), '')::tsvector
    FROM unnest(string_to_array(words, ' ')) WITH ORDINALITY AS listed (word, place)
    WHERE word NOT IN ('', '''')
$$;

-- Returns what the search keeps of texts.
CREATE OR REPLACE FUNCTION words_of(texts jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE
PARALLEL SAFE AS $$
    SELECT as_typed(words_said(texts))
$$;

-- Returns what finds the words of `said` where they stand together, and finds nothing where there
-- are none. One letter of a script without spaces begins two that stand together, or is the last.
CREATE OR REPLACE FUNCTION together(said text, stemmed boolean) RETURNS tsquery LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    words text[] := string_to_array(words_in(said), ' ');
    most integer := cardinality(words);
BEGIN
    IF most > 1 AND words[most] ~ ('^[' || unspaced() || ']$')
        AND right(words[most - 1], 1) = words[most] THEN
        words := words[:most - 1];
    END IF;
    IF stemmed THEN
        RETURN phraseto_tsquery('english', array_to_string(words, ' '));
    END IF;
    RETURN (
        SELECT coalesce(string_agg(
            as_lexeme(word) || CASE
                WHEN word ~ ('^[' || unspaced() || ']$') AND number = cardinality(words) THEN ':*'
                ELSE '' END,
            ' <-> ' ORDER BY number
        ), '')::tsquery
        FROM unnest(words) WITH ORDINALITY AS listed (word, number)
    );
END $$;

-- Returns for each text its question and a hash of its words as they are compared, by which answers
-- are found that say the same. Texts without a word say nothing that another could say too.
CREATE OR REPLACE FUNCTION prints_of(texts jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE
PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(question || ':' || md5(said) ORDER BY question), '{}')
    FROM (
        SELECT question, words_in(value) AS said FROM jsonb_each_text(
            CASE jsonb_typeof(texts) WHEN 'object' THEN texts ELSE '{}' END
        ) AS answers (question, value)
    ) AS worded
    WHERE said <> ''
$$;

-- Refuses nothing: a response that is written, or emptied, is found by the words it has now.
CREATE OR REPLACE FUNCTION gather_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said CONSTANT text := words_said(NEW.texts);
BEGIN
    INSERT INTO responses_searchtext (response_id, words, stems, prints)
        VALUES (NEW.id, as_typed(said), to_tsvector('english', said), prints_of(NEW.texts))
        ON CONFLICT (response_id) DO UPDATE
        SET words = EXCLUDED.words, stems = EXCLUDED.stems, prints = EXCLUDED.prints;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER gather_words AFTER INSERT OR UPDATE OF texts ON responses_response
    FOR EACH ROW EXECUTE FUNCTION gather_words();
