# The scenario of tests/vm/usb.sh, as the guest's first process: nothing may end it but its last lines.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp
failed=0
mount --bind "$MODULES" /lib/modules

say() {
    read -r up _ </proc/uptime
    echo "[$up] $*"
}

fail() {
    say "FAILED: $*"
    failed=1
}

printctl=$REPO/target/debug/printctl

# ask_for WISH: has it done to the printer, and reads its books.
ask_for() {
    echo "$1" >/out/usb.wish
    mv /out/usb.wish /out/usb.do
    for _ in $(seq 500); do
        [ -e /out/usb.do ] || break
        sleep 0.02
    done
    read -r fed ejected rejected inside refused </out/usb.books || fail "the printer on the host does not answer"
    say "books after \"$1\": fed $fed, ejected $ejected, rejected $rejected, inside $inside; refused $refused"
    [ "$fed" = $((ejected + rejected + inside)) ] || fail "the books are wrong"
    [ "$refused" = nothing ] || fail "the printer refused what it was sent"
}

plugged() {
    for _ in $(seq 1500); do
        [ ! -e /dev/usb/lp0 ] || return 0
        sleep 0.02
    done
    fail "usblp finds no printer"
}

# prints CODE WORDS: prints a card; the program ends with this code and says these words.
prints() {
    "$printctl" --json print --ribbon k /out/card.png >/tmp/evidence 2>&1
    code=$?
    [ "$code" = "$1" ] || fail "print ended with $code: $(tr -d '\n' </tmp/evidence)"
    grep -Eq "$2" /tmp/evidence || fail "print does not say $2: $(tr -d '\n' </tmp/evidence)"
    say "print ended with $code"
}

modprobe xhci-pci || fail "xhci does not load"
modprobe usblp || fail "usblp does not load"
plugged
say "usblp has the printer"
"$printctl" --json status >/tmp/status 2>&1 || fail "not ready: $(tr -d '\n' </tmp/status)"
grep -q '"serial": "V0001"' /tmp/status || fail "no serial number: $(tr -d '\n' </tmp/status)"
plugged
say "usblp has it back"

say "a card"
prints 0 '"planeByteAccepted": true'
ask_for books
[ "$ejected" = 1 ] || fail "no card came out"

say "without permission"
chmod 600 /dev/bus/usb/*/*
cp "$printctl" /tmp/printctl
chmod 755 /tmp /tmp/printctl
setpriv --reuid=65534 --regid=65534 --clear-groups /tmp/printctl --json status >/tmp/status 2>&1 && fail "nobody may print"
grep -q '"link": "noPermission"' /tmp/status || fail "not told: $(tr -d '\n' </tmp/status)"
grep -q 'ATTR{idVendor}' /tmp/status || fail "no rule is named: $(tr -d '\n' </tmp/status)"

# Of a job of resin the first 45 transfers are questions, the rest is the card.
in_the_card=0
for transfers in 12 48; do
    say "the cable goes in transfer $transfers"
    before=$fed
    ask_for "cut $transfers"
    "$printctl" --json print --ribbon k /out/card.png >/tmp/evidence 2>&1 && fail "a cut job was called printed"
    grep -Eq '"unplugged"|not ready' /tmp/evidence || fail "not told: $(tr -d '\n' </tmp/evidence)"
    ! grep -q '"planeByteAccepted": true' /tmp/evidence || in_the_card=$((in_the_card + 1))
    ask_for replug
    plugged
    prints 0 '"planeByteAccepted": true'
    ask_for books
    [ "$fed" -le $((before + 2)) ] || fail "a card was printed twice"
done
say "$in_the_card of the cuts were in the middle of a card"
[ "$in_the_card" -gt 0 ] || fail "no cut was in the middle of a card"

echo "$failed" >/out/code
sync
poweroff -f
