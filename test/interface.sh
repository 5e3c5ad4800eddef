# shellcheck shell=bash
# The interface of the library, as lined.h and as lined(3) have it, one thing a line and sorted, so that
# they can be compared. Sourced.
#
#   header_interface HEADER    prints
#     function TYPE NAME(TYPE NAME,...)
#     field STRUCT NAME          also of a callback
#     type STRUCT TYPE NAME      of the same: TYPE NAME[SIZE], or TYPE NAME(TYPE NAME,...) of a callback
#     constant NAME              of an enum, and macros
#     name NAME                  of a struct, an enum, a typedef or an object
#
#   manual_interface PAGE      prints the same, without the lines "type" of fields that the page shows
#                              without their type
#   manual_mentions PAGE       prints "function NAME", "field NAME", "constant NAME" and "name NAME" for all
#                              that the page speaks of, everywhere

# Spaces only between two words.
one_form() { sed -E 's/[[:space:]]+/ /g; s/ ?([][*(),]) ?/\1/g; s/^ | $//g' | LC_ALL=C sort -u; }

header_interface() {
    {
        # LINED_H is the guard, and the other two are part of what the compiler checks.
        sed -nE 's/^#define +(LINED_[A-Z0-9_]+).*/constant \1/p' "$1" |
            grep -vxE 'constant LINED_(H|CHECK_RESULT|FORMAT)'
        grep -v '^ *#' "$1" | tr '\n' ' ' | sed -E 's|/\*([^*]\|\*+[^*/])*\*+/| |g; s/[{}]/&;/g' | awk '
            function word(text) { return match(text, /[a-z_0-9]+$/) ? substr(text, RSTART) : "?" text }
            function print_field(text,    name) {
                if (match(text, /\(\*[a-z_]+\)/)) {
                    name = substr(text, RSTART + 2, RLENGTH - 3)
                    text = substr(text, 1, RSTART - 1) " " name substr(text, RSTART + RLENGTH)
                } else {
                    name = text
                    sub(/\[.*/, "", name)
                    name = word(name)
                }
                print "field " inside " " name
                print "type " inside " " text
            }
            BEGIN { RS = ";" }
            { gsub(/[ \n]+/, " "); sub(/^ /, ""); sub(/ $/, "") }
            /^(typedef )?struct [a-z_]+ {$/ { inside = $(NF - 1); print "name " inside; next }
            /^enum [a-z_]+ {$/ { inside = "enum"; print "name " $2; next }
            /}$/ {
                if (inside == "enum") {
                    sub(/}/, "")
                    gsub(/ *= *[0-9]+/, "")
                    count = split($0, constants, / *, */)
                    for (i = 1; i <= count; i++)
                        if (constants[i] != "")
                            print "constant " constants[i]
                }
                inside = ""
                next
            }
            inside != "" { print_field($0); next }
            /^typedef / { print "name " word($0); next }
            /^LINED_API .*\)$/ {
                sub(/^LINED_API /, "")
                gsub(/LINED_(CHECK_RESULT|FORMAT) /, "")
                print "function " $0
                next
            }
            /^LINED_API / { print "name " word($0); next }
            $0 != "" && !/^(extern "C" {|lined_[a-z]+)$/ { print "unknown " $0 }'
    } | one_form
}

# The fields of a list are those of the struct that was named last before the list.
manual_interface() {
    awk '
        function unquoted(text) { gsub(/"/, "", text); return text }
        function arguments(text) { sub(/^ +/, "", text); gsub(/" +"/, ",", text); return "(" unquoted(text) ")" }
        /^\.S[hs] / { struct = "" }
        /^\.Sh/ { synopsis = /SYNOPSIS/ }
        synopsis && /^\.Ft / { type = unquoted(substr($0, 5)) }
        synopsis && /^\.Fo / { name = $2; list = "" }
        synopsis && /^\.Fa / { list = list (list == "" ? "" : ",") unquoted(substr($0, 5)) }
        synopsis && /^\.Fc/ { print "function " type " " name "(" list ")" }
        synopsis && /^\.Fn / { print "function " type " " $2 arguments(substr($0, index($0, $2) + length($2))) }
        /^\.Vt (const )?struct lined_/ { struct = $2 == "const" ? $4 : $3 }
        /^\.Bl/ { of_list = struct }
        /^\.It Dv / {
            sub(/ Ta .*/, "")
            gsub(/,/, "")
            for (i = 3; i <= NF; i++)
                print "constant " $i
        }
        /^\.It Ft .* Fn / {
            type = substr($0, 8, index($0, " Fn ") - 8)
            rest = substr($0, index($0, " Fn ") + 4)
            name = rest
            sub(/ .*/, "", name)
            print "field " of_list " " name
            print "type " of_list " " type " " name arguments(substr(rest, length(name) + 1))
        }
        /^\.It (Ft .* )?Va / {
            type = ""
            if ($2 == "Ft") {
                type = substr($0, 8, index($0, " Va ") - 8)
                $0 = "." substr($0, index($0, " Va ") + 1)
            } else
                $0 = substr($0, 1, 1) substr($0, 5)
            sub(/ (Ta|Pq) .*/, "")
            gsub(/,/, "")
            for (i = 2; i <= NF; i++) {
                name = $i
                sub(/\[.*/, "", name)
                print "field " of_list " " name
                if (type != "")
                    print "type " of_list " " type " " $i
            }
        }
        /^\.Dv LINED_A(BI|PI)( |$)/ { print "constant " $2 }
        /^\.Vt / {
            for (i = 2; i <= NF; i++)
                if ($i ~ /^lined_/)
                    print "name " $i
        }' "$1" | one_form
}

manual_mentions() {
    sed '/^\.Bd/,/^\.Ed/d; /^\./!d; s/["(),]/ /g; s/\[/ /g' "$1" | awk '
        BEGIN { what["Va"] = "field"; what["Dv"] = "constant"; what["Vt"] = what["Ft"] = what["Fa"] = "name" }
        {
            kind = ""
            sub(/^\./, "")
            for (i = 1; i <= NF; i++) {
                if ($i ~ /^[A-Z][a-z]$/)
                    kind = what[$i]
                if ($i ~ /^F[no]$/) {
                    print "function " $++i
                    kind = "name"
                } else if (kind == "constant" && $i ~ /^LINED_/ || kind == "name" && $i ~ /^lined_/ ||
                           kind == "field" && $i ~ /^[a-z_]/)
                    print kind " " $i
            }
        }' | LC_ALL=C sort -u
}
