"""The base images, under the names that Dockerfile and docker-compose.yml use, made on the spot."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

ENTRY: Final = "usr/local/bin/docker-entrypoint.sh"
PATH: Final = "ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
STARTED: Final = f'ENTRYPOINT ["/{ENTRY}"]'

_REDIS = """#!/bin/sh
set -e
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then chown -R redis:redis /data; exec gosu redis "$0" "$@"; fi
[ "$1" = redis-server ] || exec "$@"
shift
file=; case "$1" in *.conf) file=$1; shift;; esac
exec redis-server $file --protected-mode no "$@"
"""
_POSTGRESQL = """#!/bin/sh
set -e
export PGDATA=/var/lib/postgresql/18/docker
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"; chown -R postgres /var/lib/postgresql
    exec setpriv --reuid=postgres --clear-groups "$0" "$@"
fi
[ "$1" = postgres ] || exec "$@"
shift
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    printf %s "$POSTGRES_PASSWORD" > /tmp/password
    initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile=/tmp/password --auth-host=scram-sha-256 --auth-local=trust \\
        $POSTGRES_INITDB_ARGS
    rm /tmp/password
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -k /tmp" -w start
    createdb -h /tmp -U "$POSTGRES_USER" "$POSTGRES_DB"
    for file in /docker-entrypoint-initdb.d/*.sql; do
        psql -h /tmp -U "$POSTGRES_USER" -d "$POSTGRES_DB" -q -f "$file"
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec postgres -D "$PGDATA" -k /tmp -c listen_addresses='*' "$@"
"""


class Base(NamedTuple):
    """An image: its root's folder, its entry point's text, and what an image says beside its files."""

    root: str
    entry: str = ""
    changes: tuple[str, ...] = ()


BASES: Final[Mapping[str, Base]] = {
    "python:3.13-slim": Base("python", changes=('CMD ["python3"]', PATH)),
    "redis:8": Base("redis", _REDIS, (PATH, STARTED, "WORKDIR /data")),
    "postgres:18": Base("postgresql", _POSTGRESQL, (PATH, STARTED, "STOPSIGNAL SIGINT")),
    "nginx:1.30": Base("nginx", changes=(PATH, "STOPSIGNAL SIGQUIT")),
}


def load(roots: Path, docker: list[str]) -> None:
    """Import each as an image; `docker`: the client's command."""
    for name, base in BASES.items():
        root = roots / base.root
        (root / "data").mkdir(exist_ok=True)
        if base.entry:
            (root / ENTRY).write_text(base.entry)
            (root / ENTRY).chmod(0o755)
        changes = [word for change in base.changes for word in ("--change", change)]
        with subprocess.Popen(["/bin/tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as files:
            subprocess.run([*docker, "import", *changes, "-", name], stdin=files.stdout, check=True)
