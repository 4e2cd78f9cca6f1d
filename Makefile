# Thin: each target sets up what it needs, asks nothing, and may be run twice.

.PHONY: demo test build bench screenshots clean
.DELETE_ON_ERROR:

CARGO ?= cargo
BOOTH = target/debug/fotoautomat

# The booth in test mode on this screen; without a screen, one whole session and where its card lies.
demo: build
	@tests/setup/need.sh show
	@tests/setup/photos.sh || echo "fotoautomat: going on without photographs"
	@tests/setup/models.sh || echo "fotoautomat: going on without the face models: faces are found, eyes are not judged"
	@tests/setup/demo.sh

build:
	@tests/setup/rust.sh
	@tests/setup/need.sh build
	@$(CARGO) build --locked

# Every test that fits; tests/setup tells what it installs.
test:
	@tests/setup/rust.sh
	@tests/setup/need.sh build show test
	@tests/setup/photos.sh
	@tests/setup/identity.sh
	@tests/setup/models.sh
	@$(CARGO) test --workspace

# How long things take, beside the programs that would do them else; a few minutes.
bench:
	@tests/setup/rust.sh
	@tests/setup/need.sh build printer bench
	@$(CARGO) bench -p card-printer --bench printer

clean:
	$(CARGO) clean
	rm -rf demo
