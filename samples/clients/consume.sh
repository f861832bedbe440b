#!/usr/bin/env bash
# Prints what was flagged with kcat and jq, as it comes: id, decision, why. Ends with Ctrl-C; started again, it goes on where it was.
# consume.sh [HOST:9092] [TOPIC] [GROUP]
set -euo pipefail
servers=${1:-localhost:9092} topic=${2:-posts.flagged} group=${3:-flag-reader}

# read_committed: else records of aborted transactions come too, and the same posts again. A new group begins with the oldest record.
# A record without a value is a tombstone (forget what was said of its key): it makes an empty line, which jq passes over.
kcat -G "$group" -b "$servers" -X isolation.level=read_committed -X auto.offset.reset=earliest -q -u -f '%s\n' "$topic" |
    jq --unbuffered -r '[.id, .decision, ([.why[] | "\(.label) \(.probability) >= \(.threshold)"] | join(", "))] | @tsv'
