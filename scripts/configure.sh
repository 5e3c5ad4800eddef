#!/usr/bin/env bash
# Configures a build folder, where that is needed: scripts/configure.sh FOLDER CMAKE_OPTION...
# CMake writes absolute paths into the folder and keeps each option in its cache. So the folder is
# configured anew when the checkout was moved or copied (ninja would loop, or build the sources at the
# old place), and when the presets have changed. What else is in the folder stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:?usage: scripts/configure.sh FOLDER CMAKE_OPTION...}
shift

cached() { sed -n "s/^$1:[^=]*=//p" "$folder/CMakeCache.txt"; }
# "The source and the build folder that this cache is for".
is_from_here() { [[ $(cached CMAKE_HOME_DIRECTORY) -ef . && $(cached CMAKE_CACHEFILE_DIR) -ef $folder ]]; }

if [ -e "$folder/CMakeCache.txt" ] && ! is_from_here; then
    echo "lined: $folder was configured in another place, so it is configured anew" >&2
    rm -rf "$folder"/{CMakeCache.txt,CMakeFiles,build.ninja,.ninja_deps,.ninja_log}
fi
# build.ninja comes last, so a configuration that failed has none.
if [ ! -e "$folder/build.ninja" ] || [ CMakePresets.json -nt "$folder/build.ninja" ]; then
    cmake "$@" >/dev/null # notices, warnings and errors go to standard error
fi
