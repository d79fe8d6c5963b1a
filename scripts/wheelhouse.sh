#!/bin/sh
# Gather all that an installation needs, here, for a machine that reaches no network:
#
#     scripts/wheelhouse.sh [FOLDER]        default: wheelhouse; for an interpreter and system like this one
#     PYTHON=python3.13 EXTRAS=openai,postgres scripts/wheelhouse.sh
#
# Carry the folder over; there, in a virtual environment:
#
#     pip install --no-index --find-links wheelhouse rapporteur
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-wheelhouse}
"${PYTHON:-python3}" -m pip wheel --wheel-dir "$folder" "$here${EXTRAS:+[$EXTRAS]}"
echo "$(ls "$folder" | wc -l) wheels, $(du -sh "$folder" | cut -f1) in $folder"
