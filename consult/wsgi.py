"""The web application, for a WSGI server."""

import os
import sys

from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection

from consult.web.database_timeout import lose_patience_in_time
from consult.web.durability import UnsafeDatabase, refuse_unsafe_database
from consult.web.oversized import hear_out

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
# Nobody waits for ever behind a lock or a long question: they are told to try again. Read by
# PostgreSQL's own library; work that takes its time, as jobs do, is not done in this process. What
# it reads lies in memory or on a disk without moving parts; PostgreSQL's own figure for that is of
# one that turns, and makes it read whole tables where an index would do.
os.environ.setdefault(
    "PGOPTIONS", "-c lock_timeout=3s -c statement_timeout=60s -c random_page_cost=1.1"
)
lose_patience_in_time()
application = hear_out(get_wsgi_application())

try:
    refuse_unsafe_database()
except UnsafeDatabase as reason:
    sys.exit(f"Cannot start: {reason}")
except DatabaseError:
    # It may come back; until then each page says that it is away.
    pass
finally:
    # Each request opens its own, in its own thread.
    connection.close()
