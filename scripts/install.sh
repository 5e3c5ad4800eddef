#!/usr/bin/env bash
# Builds lined if necessary, and installs the command, the library and the man pages:
# scripts/install.sh [--prefix FOLDER]. The default is /usr/local. Uses sudo if the folder needs root. The
# installed files are listed in build/release/install_manifest.txt.
set -euo pipefail
prefix=/usr/local
case $# in
0) ;;
*)
    if [ "$1" != --prefix ] || [ $# -ne 2 ] || [ -z "$2" ]; then
        echo "usage: scripts/install.sh [--prefix FOLDER]" >&2
        exit 2
    fi
    prefix=$(realpath -m -- "$2")
    ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install-deps.sh install
scripts/configure.sh build/release --preset release
cmake --build --preset release -- --quiet

# The nearest existing folder shows if root is needed.
folder=$prefix
while [ ! -e "$folder" ]; do folder=$(dirname "$folder"); done
as_root=()
if [ ! -w "$folder" ]; then
    command -v sudo >/dev/null || {
        echo "install: only root may write to $folder, and sudo is not installed; set another --prefix" >&2
        exit 1
    }
    as_root=(sudo)
fi
rm -f build/release/install_manifest.txt # it may be root's, from another time
"${as_root[@]}" cmake --install build/release --prefix "$prefix" >/dev/null

# Programs find the library in the loader's path, after its cache was updated.
library=$(dirname "$(grep -m 1 '/liblined\.so$' build/release/install_manifest.txt)")
if [ "$prefix" = /usr/local ]; then
    "${as_root[@]}" /sbin/ldconfig
    echo "lined: installed in $prefix" >&2
else
    echo "lined: installed in $prefix. Build programs with PKG_CONFIG_PATH=$library/pkgconfig," \
        "and run with LD_LIBRARY_PATH=$library" >&2
fi
