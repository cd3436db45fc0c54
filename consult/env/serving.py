"""Settings for serving the pages: keys, addresses, database, broker, and who runs this."""

from consult.env.setting import (
    Setting,
    colour,
    flag,
    hops,
    names,
    server,
    site_url,
    text,
    url,
    whole_number,
)

SERVING = [
    Setting(
        "DEBUG",
        flag,
        "off",
        (
            "Set to on only to try the service out on one machine, as `make run` does: plain http, "
            "a throwaway key, emails saved as files."
        ),
    ),
    Setting(
        "SECRET_KEY",
        text,
        "",
        (
            "Signs cookies and receipt addresses. At least 50 characters, kept as long as "
            "receipts. Required when DEBUG is off."
        ),
        secret=True,
    ),
    Setting(
        "SECRET_KEY_FALLBACKS",
        names,
        "",
        (
            "Earlier values of SECRET_KEY, separated by commas, so that receipts still open "
            "after "
            "a change of key."
        ),
        secret=True,
    ),
    Setting(
        "ALLOWED_HOSTS",
        names,
        "",
        (
            "The host names this service answers to, separated by commas; no wildcards. "
            "Required "
            "when DEBUG is off."
        ),
    ),
    Setting(
        "SITE_URL",
        site_url,
        "http://127.0.0.1:8000",
        (
            "The address people type. Links in emails start with it. Must be https when DEBUG "
            "is "
            "off."
        ),
    ),
    Setting("PORT", whole_number(1, 65535), "8000", "The port the web server listens on."),
    Setting("HOST", text, "127.0.0.1", "The address the web server listens on."),
    Setting(
        "WEB_PROCESSES",
        whole_number(1, 64),
        "2",
        "How many processes answer requests: one per core.",
    ),
    Setting(
        "WEB_THREADS",
        whole_number(1, 64),
        "8",
        "How many requests each of them works on at a time, with a database connection each.",
    ),
    Setting(
        "WORKER_PROCESSES",
        whole_number(1, 64),
        "2",
        "How many tasks all workers together carry out at a time, with a connection each.",
    ),
    Setting(
        "TRUSTED_PROXY",
        hops,
        "off",
        (
            "How many of your own proxies are in front, each of which sets X-Forwarded-Proto and "
            "adds to X-Forwarded-For. “on” is one."
        ),
    ),
    Setting(
        "DATABASE_URL",
        server("postgres", "postgresql"),
        "",
        (
            "PostgreSQL, for example postgresql://user:password@host/name. If empty, `make "
            "run` "
            "starts its own."
        ),
        secret=True,
    ),
    Setting(
        "DATABASE_PASSWORD",
        text,
        "",
        "The password for DATABASE_URL, unescaped: it may contain any character.",
        secret=True,
    ),
    Setting(
        "REDIS_URL",
        server("redis", "rediss", "unix", "database"),
        "",
        (
            "Redis, for example redis://host/0; `database:` lets PostgreSQL carry the messages. If "
            "empty, `make run` starts its own, or does the latter where there is none."
        ),
        secret=True,
    ),
    Setting(
        "VAR_DIR",
        text,
        "var",
        ("The folder for everything this service writes: its own database, saved emails, batches."),
    ),
    Setting(
        "STATIC_DIR",
        text,
        "",
        "The folder for collected style sheets and scripts. If empty: VAR_DIR/static.",
    ),
    Setting(
        "CONTACT_EMAIL",
        text,
        "",
        ("Where people can send a response or ask for help. If empty, the pages show no address."),
    ),
    Setting(
        "SITE_NAME",
        text,
        "",
        "What the site is called, at its top. If empty: London consultations.",
    ),
    Setting(
        "SITE_COLOUR",
        colour,
        "",
        "The colour behind the site's name, for example #123c4a. If empty: our own.",
    ),
    Setting(
        "DISCLAIMER",
        text,
        "",
        "What every page says at its end. If empty: who runs the site, once OPERATOR says so.",
    ),
    Setting("OPERATOR", text, "", "Who runs this installation, as its notices name them."),
    Setting(
        "ACCESSIBILITY_CONTACT",
        text,
        "",
        "An email address for anyone who cannot use a page. If empty: CONTACT_EMAIL.",
    ),
    Setting(
        "SECURITY_CONTACT",
        url("mailto", "https"),
        "",
        (
            "Where to report a vulnerability, for example mailto:security@example.org. If "
            "empty, "
            "there is no /.well-known/security.txt."
        ),
    ),
    Setting(
        "METRICS_TOKEN",
        text,
        "",
        (
            "Sent as “Authorization: Bearer”, it opens /metrics. If empty, only this machine "
            "can "
            "read them."
        ),
        secret=True,
    ),
    Setting(
        "CLAMD_URL",
        server("tcp", "unix"),
        "",
        (
            "Where ClamAV's clamd listens, such as tcp://localhost:3310 or "
            "unix:///run/clamav/clamd.ctl. If empty, files are marked as not scanned."
        ),
    ),
]
