#!/bin/sh
# prepare.sh: makes what the guest boots from, in target/vm: Debian's stock kernel, its modules, v4l2loopback and a small
# initial file system. Nothing is installed but what need.sh names. Run twice, it does nothing.
set -eu
cd "$(dirname "$0")/../.."
vm=target/vm
# raise it when what is made below changes
edition=2
image=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
[ -n "$image" ] || {
    echo "fotoautomat: Debian's package lists name no kernel; run apt-get update, then make again" >&2
    exit 1
}
version=${image#linux-image-}
[ "$(cat "$vm/edition" 2>/dev/null)" != "$edition $version" ] || exit 0
echo "fotoautomat: preparing a guest with $image"
rm -rf "$vm"
mkdir -p "$vm/packages" "$vm/deb"
# apt fetches as a user of its own, which may not write here
chmod 777 "$vm/packages"
(cd "$vm/packages" && apt-get -qq download "$image" v4l2loopback-dkms)
dpkg-deb --fsys-tarfile "$vm/packages/$image"_*.deb | tar -x -C "$vm/deb" ./boot ./lib/modules
depmod -b "$vm/deb" "$version"

# The kernel without its wrapping: QEMU starts it at once, with no firmware and nothing to unpack.
python3 - "$vm/deb/boot/vmlinuz-$version" "$vm/vmlinux" <<'PYTHON'
import lzma, sys

wrapped = open(sys.argv[1], "rb").read()
start = wrapped.find(b"\xfd7zXZ\0")
if start < 0:
    sys.exit("fotoautomat: this kernel is not packed by xz; tests/vm/prepare.sh knows no other way")
open(sys.argv[2], "wb").write(lzma.LZMADecompressor().decompress(wrapped[start:]))
PYTHON

dpkg-deb -x "$vm"/packages/v4l2loopback-dkms_*.deb "$vm/loopback"
source=$(echo "$PWD/$vm"/loopback/usr/src/v4l2loopback-*)
headers=/usr/src/linux-headers-$version
[ -d "$headers" ] || tests/setup/need.sh "linux-headers-$version"
make -s -C "$headers" M="$source" modules >"$vm/loopback.log" 2>&1 || {
    tail -n 20 "$vm/loopback.log" >&2
    echo "fotoautomat: v4l2loopback does not build against $headers; the lines above say why" >&2
    exit 1
}
cp "$source/v4l2loopback.ko" "$vm/"

# The first file system: busybox, the modules that reach the host's files, and init.
first=$vm/first
mkdir -p "$first/bin" "$first/dev" "$first/proc" "$first/sys" "$first/modules" "$first/newroot"
cp /bin/busybox "$first/bin/"
for applet in sh mount mkdir insmod switch_root; do ln -s busybox "$first/bin/$applet"; done
for module in virtio_pci 9pnet_virtio 9p overlay; do
    modprobe -d "$vm/deb" -S "$version" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    cp "$file" "$first/modules/"
    basename "$file"
done >"$first/modules/order"
cp tests/vm/init "$first/init"
chmod +x "$first/init"
(cd "$first" && find . | cpio -o -H newc --quiet | zstd -q -3) >"$vm/first.zst"
rm -rf "$vm/packages" "$vm/loopback" "$first"
echo "$edition $version" >"$vm/edition"
