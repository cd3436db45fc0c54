# One image for the three processes of the service: web, worker and beat.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/consult
WORKDIR /srv/consult

# Pango sets the PDFs of receipts; Noto has nearly every script that people write in.
RUN apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-noto-core fonts-noto-cjk && rm -rf /var/lib/apt/lists/*

COPY requirements.txt .
RUN python -m venv /opt/consult && /opt/consult/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
ENV PATH=/opt/consult/bin:$PATH

RUN useradd --system --uid 10001 --home-dir /var/lib/consult --create-home consult
COPY manage.py ./
COPY consult ./consult
COPY responses ./responses
COPY templates ./templates
# The files that never change are gathered, hashed and compressed once, at build time.
RUN DEBUG=on VAR_DIR=/srv/consult/var STATIC_DIR=/srv/static python manage.py collectstatic --noinput --verbosity 0 && rm -rf /srv/consult/var
ENV STATIC_DIR=/srv/static HOST=0.0.0.0

USER consult
VOLUME /var/lib/consult
EXPOSE 8000
CMD ["python", "-m", "consult.web.server"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
