#!/bin/sh
# queues.sh: installs published SQLite queues into target/queues, with which `make powercut` and `make bench` compare. A
# second run does nothing.
set -eu
cd "$(dirname "$0")/../.."
there=target/queues
# Raise this number when the list below changes.
edition=1
[ "$(cat "$there/edition" 2>/dev/null)" != "$edition" ] || exit 0
tests/setup/need.sh python3 python3-pip strace
echo "fotoautomat: fetching other queues from PyPI into $there"
rm -rf "$there"
mkdir -p "$there"
log=$(mktemp)
python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$there" \
    litequeue==0.9 persist-queue==1.1.0 huey==3.5.4 >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    echo "fotoautomat: the queues could not be fetched from PyPI; the lines above say why" >&2
    exit 1
}
rm -f "$log"
echo "$edition" >"$there/edition"
