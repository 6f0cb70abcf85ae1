#!/bin/sh
# Makes the secrets that compose.yaml mounts, once: what exists is kept.
#
#   sh secrets.sh [DIRECTORY] [HOST:PORT of Postgres]
#
# Keep a copy of relais_secret apart from the database: without it nothing kept
# can be read.
set -eu
umask 077
dir=${1:-secrets}
host=${2:-postgres:5432}
mkdir -p "$dir"
cd "$dir"

random() { od -An -tx1 -N32 /dev/urandom | tr -d ' \n'; }
keep() { [ -e "$1" ] || printf '%s\n' "$2" >"$1"; }

keep relais_secret "$(random)"
keep postgres_password "$(random)"
keep owner_password "$(random)"
keep app_password "$(random)"
keep database_owner_url "postgres://relais_owner:$(cat owner_password)@$host/relais"
keep database_url "postgres://relais_app:$(cat app_password)@$host/relais"
keep twilio_auth_token ""

# Compose mounts each file as it is, for a user of the container who is nobody
# here: readable, in a directory that only you enter.
chmod 444 ./*
