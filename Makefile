# Each target installs what it needs without asking, and can be run again.

.PHONY: demo test build release rehearsals bench oracles camera-rounds preview-cost readers vm vm-usb screenshots powercut soak package clean
.DELETE_ON_ERROR:

CARGO ?= cargo
BOOTH = target/debug/fotoautomat

# List the targets, each with the comment above it.
help:
	@awk '/^#/ { text = text substr($$0, 2); next } /^[a-z-]+:/ && text { split($$1, name, ":"); printf "%-12s%s\n", name[1], text } { text = "" }' Makefile

# Run the booth in test mode on this screen; without a screen, run one whole session and print where its card is.
demo: build
	@tests/setup/need.sh show
	@tests/setup/photos.sh || echo "fotoautomat: going on without photographs"
	@tests/setup/models.sh || echo "fotoautomat: going on without the face models: faces are found, eyes are not judged"
	@tests/setup/demo.sh

build:
	@tests/setup/rust.sh
	@tests/setup/need.sh build
	@$(CARGO) build --locked

# Run all tests of the workspace; the scripts in tests/setup say what they install.
test:
	@tests/setup/rust.sh
	@tests/setup/need.sh build show test
	@tests/setup/photos.sh
	@tests/setup/identity.sh
	@tests/setup/models.sh
	@$(CARGO) test --workspace

# Build the release and check it with its own doctor; takes a quarter of an hour.
release:
	@tests/setup/rust.sh
	@tests/setup/need.sh build
	@$(CARGO) build --locked --release --workspace --bins
	@XDG_STATE_HOME="$$(mktemp -d)" target/release/fotoautomat doctor --test-mode

# Rehearse 200 visits at speed 0 and 10 at speed 10 with the release build, with cards laid and lifted at random
# moments; takes some minutes.
rehearsals:
	@target/release/fotoautomat rehearse --sessions 200 --speed 0 --seed 1 --json --out "$$(mktemp -d)"
	@target/release/fotoautomat rehearse --sessions 10 --speed 10 --seed 2 --json --out "$$(mktemp -d)"

# Measure how long things take, compared with other programs; the release build takes long.
bench:
	@tests/setup/rust.sh
	@tests/setup/need.sh build printer bench
	@tests/setup/photos.sh
	@tests/setup/models.sh
	@tests/setup/oracles.sh || echo "fotoautomat: going on without OpenCV"
	@$(CARGO) bench -p card-printer --bench printer
	@$(CARGO) bench -p camera --bench camera
	@$(CARGO) bench -p fotoautomat --bench face --bench card
	@tests/setup/queues.sh
	@$(CARGO) bench -p fotoautomat --bench outbox

# Compare print jobs with Gutenprint for every picture and setting, and face measurements with MediaPipe, LiteRT and
# ofiqpy in the same photographs; takes about seven minutes and 500 MB. `make test` compares only with the numbers in
# tests/oracles.
oracles:
	@tests/setup/rust.sh
	@tests/setup/need.sh build printer python3 python3-venv
	@ALL_ORACLES=1 $(CARGO) test -p card-printer --test it gutenprint::
	@tests/setup/photos.sh
	@tests/setup/models.sh
	@tests/setup/oracles.sh
	@target/oracles/networks/bin/python tests/oracles/networks.py assets/fetched/models assets/fetched/photos target/oracles/networks.json
	@target/oracles/quality/bin/python tests/oracles/quality.py assets/fetched/photos target/oracles/networks.json target/oracles/quality.json
	@FOTOAUTOMAT_ORACLES="$(CURDIR)/target/oracles" $(CARGO) test --workspace --lib -- --nocapture what_litert_computes oracles::

# Draw every screen to target/screenshots: both orientations, both languages, every look and extreme size; takes a
# minute after the build. WAYS=1080x1920-sv and ONLY=11-show-code narrow it.
screenshots:
	@tests/setup/rust.sh
	@tests/setup/need.sh build
	@rm -rf target/screenshots
	@SCREENSHOTS=$(CURDIR)/target/screenshots $(CARGO) test -q --test it screens::screenshots
	@echo "fotoautomat: the screens are in target/screenshots"

# Inject a hundred faults into a camera, each reported and each over within two seconds; takes about six minutes.
camera-rounds:
	@tests/setup/rust.sh
	@tests/setup/need.sh build test
	@CAMERA_ROUNDS=100 $(CARGO) test -p camera --test it -- --exact --nocapture bed::every_fault_is_told_and_the_picture_comes_back_by_itself

# Measure the cost of the preview with and without finding faces, and its memory over 10 000 frames; takes six minutes.
preview-cost:
	@tests/setup/rust.sh
	@tests/setup/need.sh build show test
	@tests/setup/models.sh
	@PREVIEW_FRAMES=10000 $(CARGO) test --workspace --test it -- --exact --nocapture window::looking_for_faces_costs_no_more_than_the_live_picture_and_neither_keeps_memory

# Read 10 000 codes with three readers: as drawn, as each printer prints them, and by webcam; takes about an hour.
readers:
	@tests/setup/rust.sh
	@tests/setup/need.sh build test
	@FOTOAUTOMAT_CODES=10000 $(CARGO) test --test it readers::

# Test the printer driver in a guest on Debian's own kernel: real USB stack, usblp, no permission, the cable unplugged.
# Needs no KVM; takes half a minute, and once a kernel package of 70 MB.
vm-usb:
	@tests/setup/rust.sh
	@tests/setup/need.sh build qemu-system-x86 busybox-static cpio zstd kmod python3
	@$(CARGO) build --locked -p card-printer --bin printctl --example usb_printer
	@tests/vm/usb.sh

# Test all drivers in a guest on Debian's own kernel, with the kernel's own virtual devices. Needs no KVM; takes a few
# minutes.
vm: vm-usb
	@tests/setup/rust.sh
	@tests/setup/need.sh build vm
	@$(CARGO) build --locked -p camera --bins
	@tests/vm/prepare.sh
	@target/debug/camctl capture virtual:drivers/camera/tests/fixtures/visitor-1.jpg --out target/vm/visitor.png
	@for script in tests/vm/guest/*.sh; do tests/vm/run.sh "$$(basename "$$script" .sh)" || exit 1; done

# Cut the power at 50 000 points of a store's run, 5 000 of a whole booth's, and some thousand of other queues'; takes
# half an hour.
powercut:
	@tests/setup/rust.sh
	@tests/setup/need.sh build test
	@tests/setup/queues.sh
	@POWERCUT_POINTS=50000 QUEUES=$(CURDIR)/target/queues $(CARGO) test --test it powercut -- --nocapture --test-threads 1

# Kill a writer 10 000 times and the whole booth 1 000 times, send 100 000 orders over a faulty link to the portal, fail
# each disk call once, and rehearse 200 visits at speed 10 and 20 in real time; takes some hours.
soak: release
	@tests/setup/rust.sh
	@tests/setup/need.sh build test
	@KILLS=20 $(CARGO) test --test it kill::a_writer -- --nocapture
	@KILLS=40 $(CARGO) test --test it kill::the_whole -- --nocapture
	@FAULTS_EVERY=1 $(CARGO) test --test it disk_faults -- --nocapture
	@WEATHER_ORDERS=100000 $(CARGO) test --test it any_weather -- --nocapture
	@target/release/fotoautomat rehearse --sessions 200 --speed 10 --json --out "$$(mktemp -d)"
	@target/release/fotoautomat rehearse --sessions 20 --speed 1 --json --out "$$(mktemp -d)"

# Make a Debian package in target/debian: programs, sites and face models; the release build takes a quarter of an hour.
package:
	@tests/setup/rust.sh
	@tests/setup/need.sh build
	@tests/setup/models.sh
	@command -v cargo-deb >/dev/null || $(CARGO) install --locked cargo-deb
	@$(CARGO) build --locked --release --workspace --bins
	@$(CARGO) deb --no-build

clean:
	$(CARGO) clean
	rm -rf demo
