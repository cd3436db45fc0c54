"""The web application, for an ASGI server."""

from django.conf import settings

from consult.web.gateway import Gateway
from consult.wsgi import application as answer

application = Gateway(answer, threads=settings.WEB_THREADS)
