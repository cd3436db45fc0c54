"""The web application, for a WSGI server."""

import os
import sys

from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection

from consult.web.connections import TooFewConnections, refuse_too_few_connections
from consult.web.database_timeout import limit_waiting
from consult.web.durability import UnsafeDatabase, refuse_unsafe_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
# Nobody waits for ever behind a lock or a slow query: they are asked to try again. libpq reads
# this, for this process only; slow work is done by workers. The data is in memory or on an SSD,
# while PostgreSQL's default cost assumes a spinning disk and makes it read whole tables where an
# index would do.
os.environ.setdefault(
    "PGOPTIONS", "-c lock_timeout=3s -c statement_timeout=60s -c random_page_cost=1.1"
)
limit_waiting()
application = get_wsgi_application()

try:
    refuse_unsafe_database()
    refuse_too_few_connections()
except (UnsafeDatabase, TooFewConnections) as reason:
    sys.exit(f"Cannot start: {reason}")
except DatabaseError:
    # It may come back. Until then each page says that it is down.
    pass
finally:
    # Each working thread opens its own connection.
    connection.close()
