#!/bin/sh
# oracles.sh: installs the programs that `make oracles` compares with (MediaPipe 0.10.21 and Google's LiteRT, and
# ofiqpy) from PyPI, about 500 MB. They need different versions of the same libraries, so each has its own environment
# below target/oracles. A second run does nothing.
set -eu
cd "$(dirname "$0")/../.."
there=target/oracles
mkdir -p "$there"

# MediaPipe 0.10.21 is built for Python 3.9 to 3.12, and ofiqpy's libraries for no later version.
python=""
for candidate in python3.11 python3.12 python3.10 python3; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "fotoautomat: the oracles need Python 3.9 to 3.12 with venv. Run: sudo apt-get install -y python3 python3-venv" >&2
    exit 1
fi

# The arguments are the name and the packages.
environment() {
    name=$1
    shift
    if [ "$(cat "$there/$name/packages" 2>/dev/null)" = "$*" ]; then return; fi
    echo "fotoautomat: fetching $* from PyPI, into $there/$name"
    rm -rf "${there:?}/$name"
    "$python" -m venv "$there/$name"
    "$there/$name/bin/pip" install --quiet --disable-pip-version-check "$@" >"$there/log" 2>&1 || {
        tail -n 5 "$there/log" >&2
        echo "fotoautomat: the oracles could not be fetched from PyPI; the lines above say why" >&2
        exit 1
    }
    echo "$*" >"$there/$name/packages"
}
environment networks mediapipe==0.10.21 ai-edge-litert==2.3.0 pillow==13.0.0
environment quality ofiqpy==0.2.2
