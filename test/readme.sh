# shellcheck shell=bash
# What README.md shows. Sourced.
#
#   readme_file README NAME   prints the fenced block that is the file NAME: the last name in backticks
#                             before a block is the name of its file

readme_file() {
    awk -v wanted="$2" '
        /^```/ { inside = !inside; next }
        inside && name == wanted { print }
        inside { next }
        {
            rest = $0
            while (match(rest, /`[^` ]*[.\/][^` ]*`/)) {
                name = substr(rest, RSTART + 1, RLENGTH - 2)
                rest = substr(rest, RSTART + RLENGTH)
            }
        }' "$1"
}
