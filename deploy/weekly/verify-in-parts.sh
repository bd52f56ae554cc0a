#!/bin/sh
# Verifies in parts, with GNU parallel, and joins their reports.
#
# usage: verify-in-parts.sh RECORD SHARDS PARTS OUT [flag of verify…]
#
# OUT is a new directory: a report of an earlier run can never be taken for one of
# this. With one machine, verify does the same by itself, with a worker on each
# CPU; give parallel machines with PARALLEL="--sshlogin host1,host2", where RECORD,
# SHARDS and OUT are on a file system that all of them have.
#
# The exit status is that of "recover report merge": 0 all keys are in order, 3
# some are not, 1 none is, or a part has no report.
set -eu
[ $# -ge 4 ] || { sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2; }
record=$1 shards=$2 parts=$3 out=$4
shift 4
mkdir "$out"
# A part that finds something has another status than 0, and so has parallel. What
# it found is in its report.
seq "$parts" | parallel --quote recover verify --record "$record" --shards "$shards" --part "{}/$parts" \
    --report "$out/part-{}.json" --failed-only --workers 1 "$@" >"$out/parts.txt" 2>&1 || true
exec recover report merge "$out"/part-*.json --record "$record" --out "$out/report.json" --metrics "$out/recover.prom"
