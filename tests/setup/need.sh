#!/bin/sh
# need.sh GROUP...: installs the Debian packages of each group without asking, and prints which. A second run does
# nothing. Without root it prints the command to run and exits with 1.
set -eu

# The libraries that the build links to, and libclang, which generates the bindings of nokhwa.
build="gcc pkg-config libusb-1.0-0-dev libudev-dev libclang-dev linux-libc-dev"
# The libraries that the window needs at run time, and the voice.
show="libxkbcommon0 libxkbcommon-x11-0 libx11-6 libx11-xcb1 libxcursor1 libxi6 libxrandr2 libwayland-client0 libwayland-cursor0 espeak-ng"
# The tools of the tests: a virtual display, synthetic input, readers of codes.
test="xvfb xauth xdotool x11-utils imagemagick zbar-tools zxing-cpp-tools cage libnfc-bin umockdev xwayland strace poppler-utils procps python3 python3-pip curl"
# The programs that the printer driver is compared with: Gutenprint, CUPS and Little CMS, on umockdev's bus.
printer="umockdev printer-driver-gutenprint cups cups-client cups-filters util-linux poppler-utils liblcms2-utils"
# The programs whose times are compared with the booth's: those with which a print system would draw and convert a card,
# and those that decode a webcam's pictures.
bench="librsvg2-bin imagemagick fonts-dejavu-core ffmpeg libjpeg-turbo-progs python3 python3-pip cairosvg qrencode"
# The virtual machine with a guest on Debian's own kernel.
vm="qemu-system-x86 busybox-static cpio zstd kmod v4l-utils make python3 gcc"

packages=""
for group in "$@"; do
    case $group in
        build) packages="$packages $build" ;;
        show) packages="$packages $show" ;;
        test) packages="$packages $test $printer" ;;
        vm) packages="$packages $vm" ;;
        printer) packages="$packages $printer" ;;
        bench) packages="$packages $bench" ;;
        *) packages="$packages $group" ;;
    esac
done
missing=""
for package in $packages; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null; then
    echo "fotoautomat: these packages are missing, by their Debian names, and this is no Debian:$missing" >&2
    exit 1
fi
line="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" != 0 ]; then
    printf 'fotoautomat: packages are missing. Run this, then make again:\n\n    sudo %s\n\n' "$line" >&2
    exit 1
fi
echo "fotoautomat: installing$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update -q && $line -q; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "fotoautomat: the packages could not be installed; the lines above say why" >&2
    exit 1
fi
rm -f "$log"
