#!/usr/bin/env bash
# Configures a build folder if necessary: scripts/configure.sh FOLDER CMAKE_OPTION...
# CMake writes absolute paths into the folder and keeps each option in its cache. So the folder is
# configured again when the checkout was moved or copied (ninja would loop, or build the sources at the old
# place), and when the presets have changed. Other files in the folder stay.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:?usage: scripts/configure.sh FOLDER CMAKE_OPTION...}
shift

cached() { sed -n "s/^$1:[^=]*=//p" "$folder/CMakeCache.txt"; }
# The source folder and the build folder of this cache.
is_from_here() { [[ $(cached CMAKE_HOME_DIRECTORY) -ef . && $(cached CMAKE_CACHEFILE_DIR) -ef $folder ]]; }

if [ -e "$folder/CMakeCache.txt" ] && ! is_from_here; then
    echo "lined: $folder was configured in another place, and is configured again" >&2
    rm -rf "$folder"/{CMakeCache.txt,CMakeFiles,build.ninja,.ninja_deps,.ninja_log}
fi
# CMake writes build.ninja last, so it is missing after a failed configuration.
if [ ! -e "$folder/build.ninja" ] || [ CMakePresets.json -nt "$folder/build.ninja" ]; then
    cmake "$@" >/dev/null # notices, warnings and errors go to standard error
fi
