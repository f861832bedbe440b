#!/usr/bin/env bash
# console-key.sh FILE: makes a random key for the console page (Operate:ApiKey_FILE) where there is none yet, for its owner's eyes only.
set -euo pipefail
if [ -s "$1" ]; then exit 0; fi
umask 077
key=$(head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
# Whole or not at all: another start may look meanwhile.
printf '%s\n' "$key" >"$1.$$" && mv -f "$1.$$" "$1"
