#!/usr/bin/env bash
# health.sh PORT: exit code 0 when the worker on this machine is ready: partitions assigned or idle, model warm, outputs fine.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 _ status _ <&3
[ "$status" = 200 ]
