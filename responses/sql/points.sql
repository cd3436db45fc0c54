-- The register of points: its tables are held to acts and carry fingerprints, as consult/sql/
-- changes.sql and consult/sql/fingerprints.sql say, and its history is only ever added to.

SELECT hold_rows('responses_nopoint');
SELECT hold_rows('responses_point');
SELECT hold_rows('responses_pointcode');
SELECT hold_rows('responses_pointpassage');
SELECT hold_rows('responses_pointversion');
SELECT watch_rows('responses_nopoint');
SELECT watch_rows('responses_point');
SELECT watch_rows('responses_pointcode');
SELECT watch_rows('responses_pointpassage');
SELECT watch_rows('responses_pointversion');

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_pointversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
