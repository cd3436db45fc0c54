"""The Django project, and the app of what is consulted on."""

from consult.celery import app as celery_app

__all__ = ["celery_app"]
