-- What no page can show and no run can read is refused at the door: see consult/sql/readable.sql.

SELECT hold_in_bounds(oid) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'responses\_%';

SELECT hold_shape(held::regclass, name, shape) FROM (VALUES
    ('responses_response', 'choices', 'choices'),
    ('responses_response', 'texts', 'words'),
    ('responses_equalityanswers', 'choices', 'choices'),
    ('responses_equalityanswers', 'texts', 'words')
) AS columns (held, name, shape);

SELECT hold_address(held::regclass, name, pattern) FROM (VALUES
    ('responses_cluster', 'question', '^[-a-zA-Z0-9_]+$'),
    ('responses_clustermember', 'question', '^[-a-zA-Z0-9_]+$'),
    ('responses_campaign', 'question', '^[-a-zA-Z0-9_]+$'),
    ('responses_campaignmember', 'question', '^[-a-zA-Z0-9_]*$'),
    ('responses_code', 'question', '^[-a-zA-Z0-9_]+$'),
    ('responses_coding', 'question', '^[-a-zA-Z0-9_]+$'),
    ('responses_codedanswer', 'question', '^[-a-zA-Z0-9_]+$'),
    ('responses_secondcoding', 'question', '^[-a-zA-Z0-9_]+$'),
    ('responses_point', 'part', '^[-a-zA-Z0-9_]+$'),
    ('responses_pointpassage', 'question', '^[-a-zA-Z0-9_]+$'),
    ('responses_nopoint', 'question', '^[-a-zA-Z0-9_]+$'),
    ('responses_nopoint', 'same_question', '^[-a-zA-Z0-9_]*$'),
    ('responses_claim', 'question', '^[-a-zA-Z0-9_]*$'),
    ('responses_redaction', 'text', '^[-a-zA-Z0-9_]+$'),
    ('responses_reading', 'question', '^[-a-zA-Z0-9_]*$'),
    ('responses_response', 'reference', '^[-a-zA-Z0-9]+$')
) AS columns (held, name, pattern);
