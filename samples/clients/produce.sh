#!/usr/bin/env bash
# Sends posts with kcat, a line of standard input each: AUTHOR, a tab, a JSON object with "text" and, if it has one, "id".
# produce.sh [HOST:9092] [TOPIC] < posts.tsv      Exit code 0: Kafka has acknowledged all of them.
set -euo pipefail
servers=${1:-localhost:9092} topic=${2:-posts}

# One trace for all lines of this run; the worker's results carry it on.
random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
traceparent=00-$(random 16)-$(random 8)-01

# The key (-K) keeps one author's posts in order, and murmur2_random puts it where Java's clients would. Idempotence implies acks=all.
awk -F '\t' 'NF != 2 || $1 == "" { print "line " NR ": write AUTHOR, a tab, JSON" > "/dev/stderr"; exit 2 } { print; fflush() }' |
    kcat -P -b "$servers" -t "$topic" -K '\t' -H "traceparent=$traceparent" \
        -X enable.idempotence=true -X topic.partitioner=murmur2_random -X topic.message.timeout.ms=30000
