"""The sample survey: which fish swim where, and how it is filmed."""

import collections
import datetime
import json
import pathlib
import subprocess
import tempfile

import numpy as np

from .scene import HEIGHT, WIDTH, Group, Scene
from .water import Place

GARDEN, WALL = "Coral Garden", "Outer Wall"

DEPLOYMENTS = [
    {
        "opcode": "CG-01",
        "site": GARDEN,
        "seconds": 40,
        "rate": 12,
        "files": ["GX010042.MP4", "GX020042.MP4"],
        "start": "2026-05-14T09:12:00+03:00",
        "depth": 8,
        "latitude": -4.70,
        "longitude": 39.42,
        "place": Place(21, surface=(0.45, 0.80, 0.88), deep=(0.04, 0.30, 0.46), haze=0.25),
        "groups": [
            Group("Chrysiptera hemicyanea", 9, 0.85, (0.30, 0.62), (0.05, 0.04), (0.11, 0.08)),
            Group("Chrysiptera cyanea", 5, 0.90, (0.72, 0.70), (0.06, 0.04), (0.09, 0.06)),
            Group("Zebrasoma xanthurum", 2, 1.15, (0.45, 0.40), (0.30, 0.10), (0.12, 0.08)),
            Group(
                "Paracanthurus hepatus",
                3,
                1.3,
                (0.5, 0.30),
                spread=(0.10, 0.06),
                crossing=0.055,
                begin=9,
            ),
            Group("Acanthurus leucosternon", 1, 1.1, (0.60, 0.50), (0.35, 0.12)),
            Group(
                "Naso brevirostris",
                2,
                2.6,
                (0.5, 0.22),
                spread=(0.14, 0.05),
                crossing=-0.07,
                begin=21,
            ),
        ],
    },
    {
        "opcode": "CG-02",
        "site": GARDEN,
        "seconds": 24,
        "rate": 15,
        "files": ["second drop.mp4"],
        "start": "2026-05-14T10:41:00+03:00",
        "depth": 11,
        "latitude": -4.70,
        "longitude": 39.43,
        "place": Place(32, surface=(0.44, 0.76, 0.70), deep=(0.05, 0.30, 0.35), haze=0.36),
        "groups": [
            Group("Dascyllus carneus", 12, 0.95, (0.60, 0.55), (0.05, 0.04), (0.13, 0.11)),
            Group("Pomacanthus chrysurus", 1, 1.25, (0.40, 0.52), (0.30, 0.08)),
            Group("Paracanthurus hepatus", 1, 1.3, (0.35, 0.35), (0.25, 0.10)),
            Group(
                "Acanthurus leucosternon",
                4,
                1.5,
                (0.5, 0.38),
                spread=(0.13, 0.10),
                crossing=-0.09,
                begin=5,
            ),
            Group("Zebrasoma xanthurum", 1, 1.5, (0.25, 0.45), (0.20, 0.10)),
        ],
    },
    {
        "opcode": "OW-01",
        "site": WALL,
        "seconds": 30,
        "variable": True,
        "files": ["dive 3 wall.mp4"],
        "start": "2026-05-15T08:05:30+03:00",
        "depth": 17,
        "latitude": -4.78,
        "longitude": 39.51,
        "place": Place(
            43,
            surface=(0.30, 0.62, 0.92),
            deep=(0.01, 0.13, 0.40),
            haze=0.20,
            horizon=0.72,
            sand=0.0,
            wall=True,
        ),
        "groups": [
            Group(
                "Naso brevirostris",
                6,
                2.2,
                (0.5, 0.30),
                spread=(0.22, 0.11),
                crossing=0.06,
                begin=4,
            ),
            Group("Acanthurus coeruleus", 4, 1.7, (0.62, 0.48), (0.18, 0.10), (0.13, 0.09)),
            Group("Chrysiptera taupou", 7, 0.85, (0.33, 0.68), (0.05, 0.04), (0.12, 0.08)),
            Group("Dascyllus carneus", 3, 0.9, (0.80, 0.62), (0.04, 0.04), (0.07, 0.05)),
            Group(
                "Pomacanthus chrysurus",
                2,
                1.4,
                (0.5, 0.55),
                spread=(0.07, 0.08),
                crossing=-0.075,
                begin=13,
            ),
        ],
    },
]

MANIFEST = (
    "opcode,site,latitude_dd,longitude_dd,date_time,depth_m,location,status,"
    "successful_count,observer_count,filename,clock_offset_s,time_zone,comment"
)

COMMENT = "rendered by Scripts/render-samples; place and time are invented"


def render(output, seed, log=print):
    """Render the whole survey into `output`: films, truth and sites.csv."""
    output = pathlib.Path(output)
    rows = [MANIFEST]
    for number, deployment in enumerate(DEPLOYMENTS):
        _render_deployment(deployment, output, seed * 100 + number, log)
        rows.append(
            ",".join(
                [
                    deployment["opcode"],
                    deployment["site"],
                    f"{deployment['latitude']:.2f}",
                    f"{deployment['longitude']:.2f}",
                    deployment["start"],
                    str(deployment["depth"]),
                    "invented reef",
                    "no-take" if deployment["site"] == GARDEN else "fished",
                    "Yes",
                    "",
                    f"{deployment['site']}/{deployment['opcode']}",
                    "0",
                    "Africa/Dar_es_Salaam",
                    COMMENT,
                ]
            )
        )
    (output / "sites.csv").write_text("\r\n".join(rows) + "\r\n", encoding="utf-8")


def step_after(number):
    """Milliseconds between frame `number` and the next of a variable film: 33 to 133, now and
    then a quarter of a second. The same arithmetic stands in VARIABLE_STEP, for ffmpeg."""
    return 33 + 10 * ((7 * number * number + 3 * number) % 11) + 117 * (number % 37 == 5)


VARIABLE_STEP = "33+10*mod(7*(N-1)*(N-1)+3*(N-1),11)+117*eq(mod(N-1,37),5)"
"""From the frame before frame N, as an expression of ffmpeg's setpts."""


def times(deployment):
    """When each frame is taken, in milliseconds: evenly, or as a phone does it."""
    end = deployment["seconds"] * 1000
    if not deployment.get("variable"):
        count = deployment["seconds"] * deployment["rate"]
        return np.round(np.arange(count) * 1000 / deployment["rate"]).astype(int)
    moments = [0]
    while moments[-1] + step_after(len(moments) - 1) < end:
        moments.append(moments[-1] + step_after(len(moments) - 1))
    return np.array(moments)


def _render_deployment(deployment, output, seed, log):
    folder = output / deployment["site"] / deployment["opcode"]
    folder.mkdir(parents=True, exist_ok=True)
    scene = Scene(deployment["place"], deployment["groups"], seed)
    moments = times(deployment)
    start = datetime.datetime.fromisoformat(deployment["start"])
    for file, part in zip(deployment["files"], np.array_split(moments, len(deployment["files"]))):
        path = folder / file
        frames = _film(scene, part, path, start, bool(deployment.get("variable")))
        truth = {
            "file": file,
            "site": deployment["site"],
            "opcode": deployment["opcode"],
            "width": WIDTH,
            "height": HEIGHT,
            "rendered": True,
            "max_n": max_n(frames),
            "frames": frames,
        }
        path.with_name(path.stem + ".gt.json").write_text(dump(truth), encoding="utf-8")
        counts = ", ".join(f"{name} {count}" for name, count in truth["max_n"].items())
        log(
            f"{path.relative_to(output)}: {len(frames)} frames, "
            f"{path.stat().st_size / 1e6:.2f} MB; MaxN {counts}"
        )


def _film(scene, moments, path, start, variable):
    """Encode the frames at `moments` (milliseconds of the scene); the film's first is at 0.

    Returns the truth by frame. One x264 thread and no version or date of making in the file: the
    same encoder gives the same bytes. A variable film's frames each get their moment from
    `setpts`, so that its steps are as irregular as a phone's.
    """
    since = moments - moments[0]
    rate = str(round((len(moments) - 1) * 1000 / int(since[-1])))
    frames = []
    with tempfile.TemporaryDirectory() as scratch:
        raw, filters = pathlib.Path(scratch, "frames.rgb"), pathlib.Path(scratch, "filters")
        with open(raw, "wb") as sink:
            for moment, offset in zip(moments, since):
                picture, fish = scene.frame(moment / 1000)
                sink.write(picture.tobytes())
                frames.append({"pts_s": round(int(offset) / 1000, 3), "fish": fish})
        chain = [
            "scale=flags=bicubic+accurate_rnd+bitexact+full_chroma_int:out_color_matrix=bt709:out_range=tv",
            "format=yuv420p",
        ]
        if variable:
            chain += ["settb=1/1000", f"setpts='if(eq(N,0),0,PREV_OUTPTS+{VARIABLE_STEP})'"]
        filters.write_text("[0:v]" + ",".join(chain) + "[v]")
        subprocess.run(
            [
                "ffmpeg",
                "-v",
                "error",
                "-y",
                "-f",
                "rawvideo",
                "-pix_fmt",
                "rgb24",
                "-s",
                f"{WIDTH}x{HEIGHT}",
                "-r",
                rate,
                "-i",
                str(raw),
                "-filter_complex_script",
                str(filters),
                "-map",
                "[v]",
                "-fps_mode",
                "passthrough",
                "-enc_time_base",
                "1:1000" if variable else f"1:{rate}",
                "-c:v",
                "libx264",
                "-preset",
                "slow",
                "-crf",
                "26",
                "-g",
                "30",
                "-threads",
                "1",
                "-color_primaries",
                "bt709",
                "-color_trc",
                "bt709",
                "-colorspace",
                "bt709",
                "-video_track_timescale",
                "1000" if variable else "12000",
                "-fflags",
                "+bitexact",
                "-flags:v",
                "+bitexact",
                "-map_metadata",
                "-1",
                "-metadata",
                f"creation_time={start.astimezone(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
                "-movflags",
                "+faststart",
                str(path),
            ],
            check=True,
        )
    if not variable:
        for number, frame in enumerate(frames):
            frame["pts_s"] = round(number / int(rate), 6)
    return frames


def max_n(frames):
    """By species, the most fish in one frame."""
    highest = {}
    for frame in frames:
        counts = collections.Counter(one["species"] for one in frame["fish"])
        for name, count in counts.items():
            highest[name] = max(highest.get(name, 0), count)
    return dict(sorted(highest.items()))


def dump(truth):
    """The truth as JSON with one line a frame."""
    head = {key: value for key, value in truth.items() if key != "frames"}
    lines = ",\n".join(json.dumps(frame, separators=(",", ":")) for frame in truth["frames"])
    return json.dumps(head, indent=1)[:-2] + ',\n "frames": [\n' + lines + "\n]}\n"
