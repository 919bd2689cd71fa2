#!/usr/bin/env bash
# Lock the dependencies of pyproject.toml again, with hashes and without download addresses. Needs uv.
set -eu
cd "$(dirname "$0")/.."
lock() { uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml "$@"; }
lock -o requirements/run.txt
lock --group test --group quality -c requirements/run.txt -o requirements/dev.txt
