"""The service's settings, with PostgreSQL and Redis started first where the environment names none.

pytest-django imports settings before any conftest, and xdist's workers inherit the environment, so
this is the place.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from consult.local.postgres import Postgres
from consult.local.redis import Redis

os.environ["DEBUG"] = "on"
# Playwright runs an event loop in the tests' thread, which Django would take for an asynchronous
# caller.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
if "TEST_VAR_DIR" not in os.environ:
    var_dir = Path(tempfile.mkdtemp(prefix="consult-test-"))
    var_dir.chmod(0o755)
    (var_dir / "static").mkdir()
    os.environ["TEST_VAR_DIR"] = os.environ["VAR_DIR"] = str(var_dir)
    atexit.register(shutil.rmtree, var_dir, ignore_errors=True)
    if not os.environ.get("REDIS_URL"):
        redis = Redis(var_dir, log=var_dir / "redis.log")
        redis.start()
        atexit.register(redis.stop)
        os.environ["REDIS_URL"] = redis.url
    if not os.environ.get("DATABASE_URL"):
        # The tests kill processes, not the machine: nothing is lost without fsync, and they run in
        # half the time.
        postgres = Postgres(var_dir, log=var_dir / "postgres.log", fsync=False)
        postgres.start()
        atexit.register(postgres.stop)
        os.environ["DATABASE_URL"] = postgres.url
        atexit.register(shutil.rmtree, postgres.sockets, ignore_errors=True)

from consult.settings import *  # noqa: F403

# What the web process sets by PGOPTIONS for its plans, which this takes the place of.
# Between tests that commit, all tables are emptied, which the database otherwise refuses.
DATABASES["default"]["OPTIONS"]["options"] = (  # noqa: F405
    "-c random_page_cost=1.1 -c consult.tests_may_truncate=on"
)
# Argon2 is slow on purpose; the tests sign in hundreds of times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
