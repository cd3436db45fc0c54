"""What the tables that PostgreSQL writes itself cost, in times of the barest COPY of the same rows.

`python -m tests.bench.tables --count 5000`

The peer of responses.csv reads the same answers by `jsonb_to_record`, and that of answers.csv by
`jsonb_each_text`: no cell is guarded, and nothing but the answers is looked up.
"""

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.db import connection

from responses.exporting.contents import Pack, pack_of_batch
from responses.exporting.formats.copies import ANSWERS, RESPONSES, copy_answers, copy_responses
from tests.bench.accounting import compared
from tests.bench.packs import sealed_batch

MEMBERS = """
    FROM responses_batchmember AS member
    JOIN responses_response AS response ON response.id = member.response_id
"""


def bare_responses(pack: Pack) -> str:
    """The query for a row a response."""
    asked = [question for plan in pack.plans.values() for question in plan.asked]
    chosen = ", ".join(f'"{one.slug}" text' for one in asked if one.closed)
    written = ", ".join(f'"{one.slug}" text' for one in asked if not one.closed)
    return f"""
        SELECT reference, version, act, "row", received_at, started_at, channel, timing,
            edition_id, language, synthetic, flags, chosen.*, written.*
        {MEMBERS} CROSS JOIN LATERAL jsonb_to_record(choices) AS chosen ({chosen})
        CROSS JOIN LATERAL jsonb_to_record(texts) AS written ({written}) ORDER BY "row"
    """  # slugs and our own words


BARE_ANSWERS = f"""
    SELECT reference, version, "row", edition_id, answer.key, answer.value
    {MEMBERS} CROSS JOIN LATERAL (
        SELECT * FROM jsonb_each_text(choices) UNION ALL SELECT * FROM jsonb_each_text(texts)
    ) AS answer ORDER BY "row"
"""  # noqa: S608  # our own words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5_000)
    pack = pack_of_batch(sealed_batch(parser.parse_args().count))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with tempfile.TemporaryDirectory() as folder:

        def copy(query: str) -> None:
            with connection.cursor() as cursor, Path(folder, "bare.csv").open("wb") as file:
                cursor.copy_expert(f"COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER)", file)

        def responses() -> None:
            copy_responses(Path(folder, RESPONSES), members=pack.members, columns=pack.columns)

        def answers() -> None:
            copy_answers(Path(folder, ANSWERS), members=pack.members, plans=pack.plans)

        for name, ours, bare in [
            (RESPONSES, responses, bare_responses(pack)),
            (ANSWERS, answers, BARE_ANSWERS),
        ]:
            whole, server = compared(ours, partial(copy, bare))
            print(f"{name:<14} CPU in times of a bare COPY: {whole}; PostgreSQL alone {server}")


if __name__ == "__main__":
    main()
