# The V4L2 driver on the kernel's own V4L2: vivid, a camera of the kernel's test suite that breaks on demand, and
# v4l2loopback, which hands on MJPEG pictures of a drawn visitor.
camctl=$REPO/target/debug/camctl
log=$scratch/watch.log
# emulated, the guest is too slow for a full rate: the blemish "slow" is as good as none
live='"fault":(null|"slow").*"phase":"streaming"'
control() { v4l2-ctl -d "$1" -c "$2=$3" || fail "no control $2"; }

watch() {
    : >"$log"
    mark "$log"
    "$camctl" watch --json "$@" >"$log" &
    watching=$!
    until_line "$log" "$live" "live picture"
}

# fault_and_back NAME COMMAND...: does it, and waits for the fault and for the picture afterwards.
fault_and_back() {
    name=$1
    shift
    mark "$log"
    "$@"
    until_line "$log" "\"fault\":\"$name\"" "$name told"
    mark "$log"
    [ -z "${mend:-}" ] || $mend
    until_line "$log" "$live" "live again"
}

say "vivid"
modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0 || fail "vivid does not load"
node=$(ls /dev/video* | head -n 1)
"$camctl" list | tee $scratch/list | head -n 3
grep -q vivid $scratch/list || fail "camctl does not list vivid"
"$camctl" capture name:vivid --size 640x480 --out $scratch/still.png --wait 60 || fail "no still from vivid"
watch name:vivid --size 640x480
mend="" fault_and_back unplugged control "$node" disconnect 1
mend="" fault_and_back stream-error control "$node" inject_fatal_streaming_error 1
mend="control $node percentage_of_dropped_buffers 0" fault_and_back frozen control "$node" percentage_of_dropped_buffers 100

say "vivid is unplugged, and comes back behind another number"
mark "$log"
kill "$watching"
v4l2-ctl -d "$node" --stream-mmap --stream-count=100000 >/dev/null 2>&1 &
streaming=$!
sleep 1
"$camctl" capture name:vivid --size 640x480 --out $scratch/busy.png --wait 4 2>$scratch/busy
grep -q "Another program uses the camera" $scratch/busy || fail "busy is not told: $(cat $scratch/busy)"
kill "$streaming"
wait "$streaming" 2>/dev/null
watch name:vivid --size 640x480
# nothing may hold the module while it goes: the camera rests between two looks for it
mark "$log"
kill "$watching"
wait "$watching" 2>/dev/null
modprobe -r vivid || fail "vivid stays loaded"
"$camctl" watch --json name:vivid --size 640x480 >"$log" &
watching=$!
marked=0
until_line "$log" '"fault":"not-found"' "not-found told"
mark "$log"
modprobe videodev
insmod "$VM/v4l2loopback.ko" video_nr=0 card_label=Loopback exclusive_caps=1 || fail "v4l2loopback does not load"
modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0
until_line "$log" "$live" "live behind another number"
kill "$watching"

say "v4l2loopback with MJPEG"
python3 "$REPO/tests/vm/feed.py" /dev/video0 "$REPO/drivers/camera/tests/fixtures/visitor-1.jpg" 1280 720 10 &
feeding=$!
sleep 2
"$camctl" capture name:Loopback --out $scratch/visitor.png --wait 60 || fail "no still from v4l2loopback"
cmp $scratch/visitor.png "$REPO/target/vm/visitor.png" || fail "the still is not the visitor, bit by bit"
watch name:Loopback
# a writer that goes silent is a camera that hangs: nothing says that no frame will come
mend="kill -CONT $feeding" fault_and_back frozen kill -STOP "$feeding"
