# What every scenario may use. It runs as the guest's first process: nothing may end it but `finish`.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run
# Where a scenario writes: the repository may lie in /tmp.
scratch=/run/scenario
mkdir -p "$scratch"
failed=0
mount --bind "$VM/deb/lib/modules" /lib/modules

say() {
    read -r up _ </proc/uptime
    echo "[$up] $*"
}

fail() {
    say "FAILED: $*"
    failed=1
}

# Hundredths of a second since the guest started.
now() {
    read -r up _ </proc/uptime
    echo "$up" | tr -d .
}

# until_line FILE PATTERN WHAT [SECONDS]: waits for a line that was not there at the last `mark FILE`, and tells how long it took.
mark() {
    marked=$(wc -l <"$1")
    begun=$(now)
}
until_line() {
    limit=${4:-60}
    while ! tail -n "+$((marked + 1))" "$1" | grep -Eq "$2"; do
        if [ $(($(now) - begun)) -gt $((limit * 100)) ]; then
            fail "$3 did not come within $limit s; the last line was: $(tail -n 1 "$1")"
            return 1
        fi
        sleep 0.02
    done
    say "$3 after $((($(now) - begun) * 10)) ms"
}

finish() {
    echo "$failed" >/out/code
    sync
    poweroff -f
}
