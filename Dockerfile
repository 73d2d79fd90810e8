# One image for web, worker, beat and the one-shot jobs; the command decides which it is.
FROM python:3.11.14-slim-bookworm AS build
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/lunarpartners
COPY requirements/base.txt requirements/base.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
       --require-hashes --no-deps --only-binary :all: -r requirements/base.txt
COPY manage.py ./
COPY lunarpartners lunarpartners
COPY proposals proposals
COPY templates templates
COPY deploy deploy
# Collecting files asks for nothing secret, but settings refuse to start in production without every name.
RUN LUNARPARTNERS_NO_VENV=1 SECRET_KEY=collecting-static-files DATABASE_URL=postgresql:///none REDIS_URL=redis://none \
    EMAIL_URL=smtp://none ALLOWED_HOSTS=none SITE_URL=https://none STATIC_ROOT=/srv/static \
    /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM python:3.11.14-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LUNARPARTNERS_NO_VENV=1 \
    STATIC_ROOT=/srv/static \
    MEDIA_ROOT=/srv/media \
    STATE_DIR=/tmp/state \
    HOST=0.0.0.0 \
    PORT=8000 \
    WEB_WORKERS=2 \
    WEB_MAX_REQUESTS=10000
RUN groupadd --system --gid 10001 site \
    && useradd --system --uid 10001 --gid site --no-create-home --shell /usr/sbin/nologin site \
    && install --directory --owner=site --group=site --mode=0750 /srv/media
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/static /srv/static
COPY --from=build /srv/lunarpartners /srv/lunarpartners
WORKDIR /srv/lunarpartners
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/livez', headers={'Host': 'localhost'}), timeout=4)"]
ENTRYPOINT ["/srv/lunarpartners/deploy/entrypoint.sh"]
CMD ["gunicorn", "-c", "python:lunarpartners.webserver", "lunarpartners.wsgi"]
