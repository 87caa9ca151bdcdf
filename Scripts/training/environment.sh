# Sourced by Scripts/train and Scripts/render-samples: makes .venv with the pinned packages of
# requirements.txt, once; does nothing while .venv was made from the same requirements.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
requirements="$root/Scripts/training/requirements.txt"
stamp="$root/.venv/requirements.txt"
python="$root/.venv/bin/python"

if [[ ! -x "$python" ]] || ! cmp -s "$requirements" "$stamp"; then
    echo "Making .venv with $(paste -sd' ' "$requirements") (about 1 GB, a few minutes) ..." >&2
    if ! { python3 -m venv "$root/.venv" &&
        "$python" -m pip install --quiet --disable-pip-version-check -r "$requirements" &&
        cp "$requirements" "$stamp"; }; then
        echo "$root/.venv could not be made; it needs python3-venv and a connection to PyPI" >&2
        return 1
    fi
fi
export PYTHONPATH="$root/Scripts" PYTHONDONTWRITEBYTECODE=1
