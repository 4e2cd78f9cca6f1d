#!/bin/sh
# usb.sh: prints in a guest on Debian's own kernel, by QEMU without KVM: xhci, usblp, usbfs and libusb are real, the printer is
# a virtual Rio that this machine plugs in (tests/vm/usb_printer.rs). The guest sees this machine's files, read-only. Costs a
# kernel package of 70 MB once, and half a minute a run (several on a busy machine).
set -eu
cd "$(dirname "$0")/../.."
vm=target/vm-usb
limit=600

# The kernel without its wrapping, which QEMU starts at once; its modules; and a first file system that reaches our files.
prepare() {
    image=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
    [ -n "$image" ] || {
        echo "fotoautomat: Debian's package lists name no kernel; run apt-get update, then make again" >&2
        exit 1
    }
    version=${image#linux-image-}
    [ "$(cat "$vm/version" 2>/dev/null)" != "$version" ] || return 0
    echo "fotoautomat: preparing a guest with $image"
    rm -rf "$vm"
    mkdir -p "$vm/packages" "$vm/deb" "$vm/first/bin" "$vm/first/modules" "$vm/first/dev" "$vm/first/proc" "$vm/first/sys"
    # apt fetches as a user of its own, which may not write here
    chmod 777 "$vm/packages"
    (cd "$vm/packages" && apt-get -qq download "$image")
    dpkg-deb --fsys-tarfile "$vm/packages/$image"_*.deb | tar -x -C "$vm/deb" ./boot ./lib/modules
    depmod -b "$vm/deb" "$version"
    python3 -c '
import lzma, sys
wrapped = open(sys.argv[1], "rb").read()
start = wrapped.find(b"\xfd7zXZ\0")
if start < 0:
    sys.exit("fotoautomat: this kernel is not packed by xz; tests/vm/usb.sh knows no other way")
open(sys.argv[2], "wb").write(lzma.LZMADecompressor().decompress(wrapped[start:]))
' "$vm/deb/boot/vmlinuz-$version" "$vm/vmlinux"
    cp /bin/busybox "$vm/first/bin/"
    for applet in sh mount mkdir insmod switch_root; do ln -s busybox "$vm/first/bin/$applet"; done
    for module in virtio_pci 9pnet_virtio 9p overlay; do
        modprobe -d "$vm/deb" -S "$version" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
        cp "$file" "$vm/first/modules/"
        basename "$file"
    done >"$vm/first/modules/order"
    cp tests/vm/usb-init "$vm/first/init"
    chmod +x "$vm/first/init"
    (cd "$vm/first" && find . | cpio -o -H newc --quiet | zstd -q -3) >"$vm/first.zst"
    rm -rf "$vm/packages" "$vm/first"
    echo "$version" >"$vm/version"
}

prepare
out=$(mktemp -d)
printer=
trap '[ -z "$printer" ] || kill "$printer" 2>/dev/null || :; rm -rf "$out"' EXIT
{
    echo "REPO=$PWD MODULES=$PWD/$vm/deb/lib/modules"
    cat tests/vm/usb-guest.sh
} >"$out/run.sh"
target/debug/examples/usb_printer "$out" &
printer=$!
# no_timer_check: on a busy machine the emulated timer is late, and the kernel would call it broken
timeout "$limit" qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp 1 -m 1024 \
    -display none -serial stdio -monitor none -no-reboot -nic none \
    -kernel "$vm/vmlinux" -initrd "$vm/first.zst" -append "console=ttyS0 panic=-1 quiet no_timer_check" \
    -fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=host,mount_tag=host \
    -fsdev "local,id=out,path=$out,security_model=none" -device virtio-9p-pci,fsdev=out,mount_tag=out \
    -device qemu-xhci,id=bus -chardev "socket,id=cable,path=$out/usb.sock,reconnect=1" \
    -device usb-redir,chardev=cable,bus=bus.0 </dev/null | tr -d '\r' || :
code=$(cat "$out/code" 2>/dev/null || echo none)
[ "$code" = 0 ] || {
    echo "fotoautomat: printing in the guest failed (code $code; none means that it did not end within $limit s)" >&2
    exit 1
}
echo "fotoautomat: printing in the guest passed"
