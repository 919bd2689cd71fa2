#!/usr/bin/env bash
# Lock the dependencies of pyproject.toml again, with hashes and without download addresses. Needs uv.
set -eu
cd "$(dirname "$0")/.."
lock() { uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 "$@"; }
lock --group installer -o requirements/installer.txt
lock pyproject.toml -o requirements/run.txt
lock pyproject.toml --group test --group quality -c requirements/run.txt -o requirements/dev.txt
for client in wide narrow; do
  lock --group "client-$client" -o "requirements/clients-$client.txt"
done
for tool in schemathesis advisories openid-provider kubernetes axe; do
  lock --group "$tool" -o "requirements/$tool.txt"
done
for server in litellm langgraph a2a fasta2a; do
  lock --group "agents-$server" -o "requirements/agents-$server.txt"
done
(cd tests/proofs/agents/programs/a2a_js && npm install --silent --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved)
