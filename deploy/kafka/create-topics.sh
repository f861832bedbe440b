#!/usr/bin/env bash
# Creates the four topics where they are missing. KAFKA_BIN: folder of Kafka's own tools.
set -euo pipefail
tool=${KAFKA_BIN:-/opt/kafka/bin}/kafka-topics.sh
servers=${BOOTSTRAP_SERVERS:-kafka:19092}
partitions=${PARTITIONS:-6}

create() { "$tool" --bootstrap-server "$servers" --create --if-not-exists --partitions "$partitions" --replication-factor 1 --topic "$@"; }

create posts
create posts.scored
create posts.flagged
# A dead letter is the original record with some headers more, so it must be allowed to be larger than the largest post.
create posts.dead-letter --config max.message.bytes=2097152
