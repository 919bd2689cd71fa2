#!/bin/sh
# Brings what runs by docker-compose.yml to the version of this checkout, without an outage:
#
#   git pull && sh deploy/compose/update.sh
#
# The database first, which old processes go on with. Then one container after the other: a new one is healthy before
# an old one is asked to end, so there is room for one more of each kind. Safe to repeat. Several files, as an override:
# name them in COMPOSE_FILE.
set -eu

# Asks the proxy to look up again where the web service is; connections that it has open are ended in order.
look_up() {
    docker compose exec -T proxy nginx -s reload
    sleep 1
}

replace() {
    old=$(docker compose ps --quiet "$1")
    count=$(echo "$old" | wc -w)
    for container in $old; do
        docker compose up --detach --no-deps --no-build --no-recreate --wait --scale "$1=$((count + 1))" "$1"
        [ "$1" != web ] || look_up
        docker stop "$container"
        docker rm "$container"
        [ "$1" != web ] || look_up
    done
}

docker compose build migrate
docker compose run --rm migrate
replace beat
replace web
replace worker
