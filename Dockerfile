# The one image of web, beat, worker and the commands. Every locked package has a wheel: no build tools needed.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ORQ_BOOTSTRAP=off \
    ORQ_DATA_DIR=/data

WORKDIR /app

COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements/run.txt

# pyproject.toml says the version; nothing of it is installed.
COPY manage.py pyproject.toml ./
COPY orqsite orqsite
COPY schedules schedules
COPY workers workers

# The data folder holds a beat's tick file, and secrets only where the environment gives none.
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin agent-schedules
USER agent-schedules

EXPOSE 8000
CMD ["python", "manage.py", "help"]
