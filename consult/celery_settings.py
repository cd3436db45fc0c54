"""How Celery carries its hints: Celery's own settings, by their names there."""

import sys
from pathlib import Path

from django.conf import settings

from consult import addresses

broker_url = addresses.broker_url(settings.REDIS_URL)
broker_connection_retry_on_startup = True
# Only Redis can carry a message to all workers at once.
worker_enable_remote_control = settings.REDIS_URL != addresses.DATABASE_CARRIES
# A Redis that does not answer may cost a respondent at most a second: the sweep finds what the
# nudge could not announce.
broker_transport_options = {
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "socket_keepalive_options": addresses.SILENT_SOCKET,
    "socket_timeout": 1 if "celery" not in Path(sys.argv[0]).name else None,
    "visibility_timeout": 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "max_retries": 0,
}
task_publish_retry = False
task_acks_late = True
task_reject_on_worker_lost = True
task_ignore_result = True
task_time_limit = 3000
worker_prefetch_multiplier = 1
worker_soft_shutdown_timeout = 5
worker_hijack_root_logger = False
timezone = "Europe/London"
