#!/bin/sh
# rust.sh: prints what to do if there is no Rust toolchain or a too old one, and exits with 1.
set -eu
if ! command -v cargo >/dev/null; then
    echo "fotoautomat: there is no Rust toolchain. Install one from https://rustup.rs, then make again." >&2
    exit 1
fi
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
have=$(rustc --version | cut -d ' ' -f 2)
if [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n 1)" != "$wanted" ]; then
    echo "fotoautomat: Rust $have is too old, $wanted is needed. Run: rustup update" >&2
    exit 1
fi
