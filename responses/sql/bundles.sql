-- Bundles, and which row became which response: to undo one withdraws just those, and a number of
-- another system that is there is not imported again.

SELECT hold_rows('responses_bundle');
SELECT hold_rows('responses_bundlerow');
SELECT watch_rows('responses_bundle');
SELECT watch_rows('responses_bundlerow');
