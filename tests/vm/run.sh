#!/bin/sh
# run.sh SCENARIO: boots a guest on Debian's stock kernel, without KVM, and runs tests/vm/guest/SCENARIO.sh in it with the
# host's files before it. Exit code 0 when the scenario passes. What QEMU needs beyond the usual (a USB device, say) stands
# in the scenario's lines that begin with "#qemu ", and what must run on the host beside it in lines that begin with "#host ".
set -eu
cd "$(dirname "$0")/../.."
scenario=$1
script=tests/vm/guest/$scenario.sh
# a scenario takes half a minute on a quiet machine; this is for a busy one
limit=600
out=$(mktemp -d)
trap 'rm -rf "$out"; [ -z "${beside:-}" ] || kill $beside 2>/dev/null || :' EXIT
{
    echo "REPO=$PWD VM=$PWD/target/vm OUT=/out HOST_OUT=$out"
    cat tests/vm/lib.sh "$script"
    echo 'finish'
} >"$out/run.sh"
export REPO="$PWD" OUT="$out"
beside=""
sed -n 's/^#host //p' "$script" >"$out/host"
while read -r line; do
    sh -c "exec $line" &
    beside="$beside $!"
done <"$out/host"
more=$(sed -n 's/^#qemu //p' "$script" | tr '\n' ' ' | sed "s|\$OUT|$out|g")
echo "fotoautomat: guest $scenario"
# shellcheck disable=SC2086 # the scenario's own words
timeout "$limit" qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp 1 -m 1024 \
    -display none -serial stdio -monitor none -no-reboot -nic none \
    -kernel target/vm/vmlinux -initrd target/vm/first.zst -append "console=ttyS0 panic=-1 quiet" \
    -fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=host,mount_tag=host \
    -fsdev "local,id=out,path=$out,security_model=none" -device virtio-9p-pci,fsdev=out,mount_tag=out \
    $more </dev/null | sed -u 's,\r,,g' || :
code=$(cat "$out/code" 2>/dev/null || echo none)
if [ "$code" = 0 ]; then
    echo "fotoautomat: guest $scenario passed"
    exit 0
fi
echo "fotoautomat: guest $scenario failed (code $code; none means that it did not end within $limit s)" >&2
exit 1
