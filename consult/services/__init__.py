"""Running the service's parts on one machine: its own PostgreSQL and Redis, and the supervisor of `make run`."""
