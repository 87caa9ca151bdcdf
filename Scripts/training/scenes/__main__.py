"""Command line of Scripts/render-samples."""

import argparse
import filecmp
import pathlib
import sys
import tempfile

import cv2

from . import survey

ROOT = pathlib.Path(__file__).resolve().parents[3]

EXAMPLE = """
examples, from the root of the checkout:
  Scripts/render-samples                    renders Samples/ anew (about five minutes)
  Scripts/render-samples --check            renders elsewhere and compares with Samples/
  Scripts/render-samples --output ../other-dive --seed 7     another dive of the same plan

Needs ffmpeg with libx264. Another version of either may give other bytes of the same pictures.
"""


def arguments():
    parser = argparse.ArgumentParser(
        prog="Scripts/render-samples",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Render the sample survey: films of drawn fish over a drawn reef, with the "
        "truth of every frame and the manifest sites.csv.",
    )
    parser.add_argument(
        "--output",
        type=pathlib.Path,
        default=ROOT / "Samples",
        help="folder to render into (default: Samples)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="of the fishes' ways (default: 1, the one of Samples)"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing to --output; exit 1 if it differs from a new rendering",
    )
    return parser.parse_args()


def differences(made, kept):
    """Files of `made` that `kept` lacks or holds with other bytes."""
    return [
        path.relative_to(made)
        for path in sorted(made.rglob("*"))
        if path.is_file()
        and not (
            (kept / path.relative_to(made)).is_file()
            and filecmp.cmp(path, kept / path.relative_to(made), shallow=False)
        )
    ]


def main():
    options = arguments()
    cv2.setNumThreads(1)
    if not options.check:
        survey.render(options.output, options.seed)
        return
    with tempfile.TemporaryDirectory() as scratch:
        made = pathlib.Path(scratch)
        survey.render(made, options.seed)
        changed = differences(made, options.output)
    for path in changed:
        print(f"differs: {path}")
    sys.exit(1 if changed else 0)


if __name__ == "__main__":
    main()
