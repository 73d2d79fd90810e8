#!/bin/sh
# Hands each secret that lies as a file in /run/site or /run/owner to the program as a variable of the same name;
# a variable that is set already stays.
set -eu
for folder in /run/site /run/owner; do
    for file in "$folder"/*; do
        [ -r "$file" ] || continue
        name=$(basename "$file")
        eval "present=\${$name:-}"
        [ -n "$present" ] || export "$name=$(cat "$file")"
    done
done
exec "$@"
