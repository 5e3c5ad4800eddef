#!/usr/bin/env bash
# Builds packages for this Debian, in a folder of their own: scripts/package.sh [FOLDER]. The default is
# build/package. They are lined (the command), liblined1 and liblined-dev; lintian checks them. The number
# is the major version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# -le 1 ] || {
    echo "usage: scripts/package.sh [FOLDER]" >&2
    exit 2
}
scripts/install-deps.sh package
soname=liblined.so.$(sed -nE 's/^project\(lined VERSION ([0-9]+)\..*/\1/p' CMakeLists.txt)
package=${soname/.so./}
mkdir -p "${1:-build/package}"
folder=$(cd "${1:-build/package}" && pwd)

umask 022
cmake -S . -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DBUILD_TESTING=OFF >/dev/null
cmake --build "$folder/build" -- --quiet
rm -f "$folder"/*.deb
(cd "$folder" && cpack -G DEB --config build/CPackConfig.cmake -B "$folder/staged" >"$folder/cpack.log") || {
    cat "$folder/cpack.log" >&2
    exit 1
}
mv "$folder"/staged/*.deb "$folder"
rm -rf "$folder/staged"
# cpack also lets scripts of the package run ldconfig, which the trigger does.
library=$(echo "$folder/$package"_*.deb)
dpkg-deb --raw-extract "$library" "$folder/unpacked"
rm "$folder"/unpacked/DEBIAN/{postinst,postrm}
dpkg-deb --root-owner-group --build "$folder/unpacked" "$library" >/dev/null
rm -rf "$folder/unpacked"
lintian --fail-on error,warning "$folder"/*.deb

# Installed in a folder, they work: the command answers, and a program builds with the library.
system=$folder/system
fail() {
    echo "FAILED: package: $1" >&2
    exit 1
}
rm -rf "$system"
mkdir -p "$system/var/lib/dpkg"
touch "$system/var/lib/dpkg/status"
dpkg --root="$system" --force-not-root --force-script-chrootless --force-depends --install "$folder"/*.deb >"$folder/dpkg.log" 2>&1 ||
    fail "dpkg: $(<"$folder/dpkg.log")"
exec {messages}< <(exec "$system/usr/bin/lined" --quiet --port 0 2>&1)
lined=$!
trap 'kill $lined 2>/dev/null || true' EXIT
read -r -t 10 -u "$messages" line || fail "lined does not start"
exec {client}<>"/dev/tcp/127.0.0.1/${line##*:}"
echo hello >&"$client"
read -r -t 10 -u "$client" line || fail "lined does not answer"
[ "$line" = "Received: hello" ] || fail "lined answers '$line'"
# shellcheck source=test/readme.sh
. test/readme.sh
readme_file README.md echo.c >"$folder/echo.c"
pc=$(find "$system" -name lined.pc)
read -ra flags < <(PKG_CONFIG_SYSROOT_DIR=$system PKG_CONFIG_LIBDIR=${pc%/*} pkg-config --cflags --libs lined)
cc -o "$folder/echo" "$folder/echo.c" "${flags[@]}" || fail "a program does not build with liblined-dev: ${flags[*]}"
library=$(dirname "$(find "$system" -name "$soname")")
loaded=$(LD_LIBRARY_PATH=$library ldd "$folder/echo")
[[ $loaded == *"$library/$soname"* ]] || fail "echo does not use $library/$soname: $loaded"
grep -qx 'ExecStart=/usr/bin/lined' "$system/usr/lib/systemd/system/lined.service" || fail "the unit starts another lined"
rm -rf "$system" "$folder/echo" "$folder/echo.c"
ls "$folder"/*.deb
