#!/bin/sh
# demo.sh: runs the booth in test mode in a window. Without a display, runs one whole session and prints where its card
# is.
set -eu
booth=target/debug/fotoautomat
photo=assets/fetched/photos/astronaut.png
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    echo "fotoautomat: the booth opens in test mode; the test panel on its lower edge plays phone and cards"
    exec "$booth" run --test-mode --windowed 600x1000
fi
if [ -f "$photo" ]; then
    echo "fotoautomat: no display here, so one session is rehearsed with a real photograph ($photo)"
    set -- --photo "$photo"
else
    echo "fotoautomat: no display here, so one session is rehearsed; no photograph could be had, so a drawn visitor comes"
    set --
fi
exec "$booth" rehearse --out demo "$@"
