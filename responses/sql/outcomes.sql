-- What was published of decisions is held to acts and carries fingerprints, as consult/sql/
-- changes.sql and consult/sql/fingerprints.sql say.

SELECT hold_rows('responses_publishedpoint');
SELECT watch_rows('responses_publishedpoint');
