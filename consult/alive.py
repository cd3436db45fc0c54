"""`python -m consult.alive celery` (or `beat`): whether that process of this machine works.

For health checks, which run often: it starts at once because it does not load Django. It exits with
1 and says why if there has been no heartbeat for a minute. `celery NAME` asks about the worker
started with `--hostname NAME@%h`.
"""

import socket
import sys

import psycopg2

from consult import addresses, env

# Four heartbeats: a busy machine misses one or two.
STALE_SECONDS = 60


def main(kind: str, name: str = "") -> str | None:
    """Return what is wrong, or None."""
    node = f"{name or kind}@{socket.gethostname()}"
    try:
        seconds = seconds_since_heartbeat(node)
    except env.BadSetting as problem:
        return str(problem)
    except psycopg2.Error as problem:
        return f"The database does not answer: {str(problem).strip().splitlines()[0]}"
    if seconds is None:
        return f"{node} has not shown that it works."
    if seconds > STALE_SECONDS:
        return f"{node} last showed that it works {seconds:.0f} seconds ago."
    return None


def seconds_since_heartbeat(node: str) -> float | None:
    """Return the age of the last heartbeat; None if there never was one.

    Raises psycopg2.Error and BadSetting.
    """
    found = addresses.database(env.read("DATABASE_URL"), password=env.read("DATABASE_PASSWORD"))
    connection = psycopg2.connect(
        dbname=found["NAME"],
        user=found["USER"],
        password=found["PASSWORD"],
        host=found["HOST"],
        port=found["PORT"] or None,
        **found["OPTIONS"],
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM clock_timestamp() - at) FROM consult_heartbeat"
                " WHERE name = %s",
                [node],
            )
            row = cursor.fetchone()
            return None if row is None else float(row[0])
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
