#!/bin/sh
# photos.sh: extracts real photographs for the tests from published Python packages into assets/fetched/photos/.
# They are not committed. Needs python3 with pip. A second run does nothing.
set -eu
cd "$(dirname "$0")/../.."
out=assets/fetched/photos
# Raise this number when the list below changes.
edition=1
[ "$(cat "$out/edition" 2>/dev/null)" != "$edition" ] || exit 0
echo "fotoautomat: fetching photographs for the tests into $out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The hashes are those of PyPI; the platform is fixed so that every machine gets the same file.
cat >"$work/wheels.txt" <<'LIST'
scikit-image==0.24.0 --hash=sha256:fa27b3a0dbad807b966b8db2d78da734cb812ca4787f7fbb143764800ce2fa9c
matplotlib==3.9.2 --hash=sha256:8912ef7c2362f7193b5819d17dae8629b34a95c58603d781329712ada83f9447
LIST
cat >"$work/sources.txt" <<'LIST'
face_recognition==1.3.0 --hash=sha256:5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec
LIST
fetch() {
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$work" "$@" >"$work/log" 2>&1 || {
        tail -n 5 "$work/log" >&2
        echo "fotoautomat: the photographs could not be fetched from PyPI; the lines above say why" >&2
        exit 1
    }
}
fetch --only-binary :all: --python-version 3.11 --implementation cp --abi cp311 --platform manylinux2014_x86_64 -r "$work/wheels.txt"
fetch --no-binary :all: -r "$work/sources.txt"

rm -rf "$out"
mkdir -p "$out"
python3 - "$work" "$out" <<'PYTHON'
import glob, os, sys, tarfile, zipfile

work, out = sys.argv[1:]
# package, picture in it, name here. One face each, but for those under other/.
wanted = [
    ("scikit_image-*.whl", "skimage/data/astronaut.png", "astronaut.png"),
    ("matplotlib-*.whl", "matplotlib/mpl-data/sample_data/grace_hopper.jpg", "grace_hopper.jpg"),
] + [
    ("face_recognition-*.tar.gz", f"face_recognition-1.3.0/tests/test_images/{name}.jpg", f"{name}.jpg")
    for name in ("obama", "obama2", "obama3", "biden")
] + [
    ("face_recognition-*.tar.gz", f"face_recognition-1.3.0/tests/test_images/{name}.jpg", f"partial/{name}.jpg")
    for name in ("obama_partial_face", "obama_partial_face2")
] + [
    ("scikit_image-*.whl", f"skimage/data/{name}", f"other/{name}")
    for name in ("chelsea.png", "coffee.png", "rocket.jpg", "retina.jpg", "hubble_deep_field.jpg", "motorcycle_left.png",
                 "brick.png", "grass.png", "gravel.png", "coins.png", "moon.png", "page.png", "text.png", "horse.png",
                 "cell.png", "ihc.png", "logo.png", "color.png", "clock_motion.png")
] + [
    ("scikit_image-*.whl", "skimage/data/lfw_subset.npy", "lfw_subset.npy"),
]
for package, member, name in wanted:
    (archive,) = glob.glob(os.path.join(work, package))
    if archive.endswith(".whl"):
        data = zipfile.ZipFile(archive).read(member)
    else:
        data = tarfile.open(archive).extractfile(member).read()
    path = os.path.join(out, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
PYTHON
echo "$edition" >"$out/edition"
