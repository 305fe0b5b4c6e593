"""The figures of ``docs/explanation``: the flow of a day, the layers, the states of a delivery, and two figures of risk science."""

from __future__ import annotations

import math

import numpy as np

from jobs.documents.svg import Canvas
from jobs.profile.load_profile import load_profile
from models.risk.credit import class_of_interval, credit_points

PROFILE = "cn"
"""The profile whose classes the figures show."""
COLOURS = ("green", "grey", "amber", "red")
"""The colours of the classes, best class first."""


def figures() -> dict[str, str]:
    """Return each figure as SVG, by the name of its file."""
    return {
        "day.svg": day(),
        "layers.svg": layers(),
        "delivery.svg": delivery(),
        "classes.svg": classes(),
        "selection.svg": selection(),
    }


def day() -> str:
    """Return the flow of a day, from delivered files to the list, the console and the trace back."""
    canvas = Canvas(820, 545, "The flow of a day")
    canvas.box(20, 20, 200, 60, "Deliveries\nfiles, or rows of a database", "grey")
    canvas.box(20, 110, 200, 50, "Mapping\nconfig/…/sources/*.toml", "grey")
    canvas.box(270, 20, 150, 60, "ingest\nread and map", "blue")
    canvas.box(270, 120, 150, 60, "gate\ncheck rows, deliveries", "blue")
    canvas.box(270, 220, 150, 60, "conform\nstandard codes", "blue")
    canvas.box(270, 320, 150, 60, "settle\nverdict of the source", "blue")
    canvas.box(470, 20, 120, 60, "bronze\nas delivered", "amber")
    canvas.box(470, 120, 120, 60, "quarantine\nrejected records", "red")
    canvas.box(470, 220, 120, 60, "silver\nevery version", "amber")
    canvas.box(470, 320, 120, 60, "state\nsums, register", "amber")
    canvas.box(650, 20, 150, 60, "link\ncomplaint to entity", "green")
    canvas.box(650, 120, 150, 60, "features\nindicators, peers", "green")
    canvas.box(650, 220, 150, 60, "train, score\nprobability, class", "green")
    canvas.box(650, 320, 150, 60, "target\nlist within capacity", "green")
    canvas.box(470, 430, 120, 60, "gold\none day of tables", "amber")
    canvas.box(270, 430, 150, 60, "export, publish\nreport, console", "blue")
    canvas.box(20, 430, 200, 60, "trace\nback to file and row", "grey")
    canvas.arrow((220, 50), (268, 50))
    canvas.arrow((220, 135), (245, 135), (245, 65), (268, 65))
    canvas.arrow((420, 50), (468, 50))
    canvas.arrow((530, 80), (530, 100), (345, 100), (345, 118))
    canvas.arrow((420, 70), (445, 70), (445, 135), (468, 135), dashed=True)
    canvas.arrow((420, 160), (468, 160), dashed=True)
    canvas.arrow((345, 180), (345, 218))
    canvas.arrow((420, 250), (468, 250))
    canvas.arrow((345, 280), (345, 318))
    canvas.arrow((530, 280), (530, 318))
    canvas.arrow((590, 240), (620, 240), (620, 50), (648, 50))
    canvas.arrow((590, 350), (620, 350), (620, 150), (648, 150))
    canvas.arrow((725, 80), (725, 118))
    canvas.arrow((725, 180), (725, 218))
    canvas.arrow((725, 280), (725, 318))
    canvas.arrow((725, 380), (725, 460), (592, 460))
    canvas.arrow((345, 380), (345, 405), (700, 405), (700, 382), dashed=True)
    canvas.arrow((470, 460), (422, 460))
    canvas.arrow((530, 490), (530, 525), (120, 525), (120, 492), dashed=True)
    return canvas.render()


def layers() -> str:
    """Return the layers of the packages; each may import what is below it."""
    canvas = Canvas(900, 560, "Layers: each package imports only what is below it")
    rows = [
        ("dags", "when things run; imports nothing of ours, calls the command line", "grey"),
        ("benchmarks", "measurements", "grey"),
        ("simulation  |  console", "an invented world  |  the site for regulators", "blue"),
        ("jobs", "commands > run_day, replay > report, onboarding, analysis > training > steps > incremental", "green"),
        ("", "sources  >  engine, texts  >  lake  >  profile  >  formats  >  foundation  >  transforms", "green"),
        ("models", "targeting  >  explanation  >  evaluation  >  labels  >  risk  >  anomaly  >  statistics", "amber"),
        ("expectations", "gate  >  suites  >  row_rules, batch_metrics  >  contracts, standards", "red"),
    ]
    for number, (name, about, colour) in enumerate(rows):
        top = 20 + 74 * number
        if name:
            height = 62 if name != "jobs" else 136
            canvas.box(20, top, 190, height, name, colour)
        canvas.box(220, top, 660, 62, about, colour)
    canvas.text(450, 550, "> reads: is above, and may import what follows", size=12)
    return canvas.render()


def delivery() -> str:
    """Return the states of a delivery, with what moves it on and what sends it back."""
    canvas = Canvas(940, 440, "The states of a delivery")
    canvas.box(20, 130, 170, 70, "received\nhashed, rows in bronze", "amber")
    canvas.box(270, 130, 170, 70, "validated\nrules have answered", "blue")
    canvas.box(520, 130, 170, 70, "accepted\nmay be used", "blue")
    canvas.box(750, 130, 170, 70, "conformed\nrows in silver", "blue")
    canvas.box(750, 330, 170, 70, "in use\nread by link, features", "green")
    canvas.box(270, 330, 170, 70, "stopped\nolder data stay in use", "red")
    canvas.box(20, 330, 170, 70, "withdrawn\nrows leave every table", "grey")
    canvas.arrow((190, 165), (268, 165), label="gate", at=(229, 157))
    canvas.arrow((440, 165), (518, 165), label="no critical", at=(479, 141))
    canvas.text(479, 157, "rule fails", size=12)
    canvas.arrow((690, 165), (748, 165), label="conform", at=(719, 157))
    canvas.arrow((850, 200), (850, 328), label="same", at=(882, 260))
    canvas.text(886, 276, "verdict", size=12)
    canvas.arrow((355, 200), (355, 328), label="a critical", at=(400, 262))
    canvas.text(400, 278, "rule fails", size=12)
    canvas.arrow((150, 200), (150, 235), (300, 235), (300, 328), label="cannot be read", at=(225, 229))
    canvas.arrow((60, 200), (60, 328), label="files gone", at=(95, 290))
    canvas.arrow((870, 130), (870, 40), (60, 40), (60, 128), dashed=True)
    canvas.text(465, 32, "a file, the mapping or the contract changed, or an earlier delivery did: take in again", size=12)
    canvas.arrow((800, 130), (800, 85), (355, 85), (355, 128), dashed=True)
    canvas.text(577, 77, "the rules changed: check again", size=12)
    canvas.arrow((750, 365), (640, 365), (640, 270), (790, 270), (790, 202), dashed=True)
    canvas.text(630, 312, "code lists or code", anchor="end", size=12)
    canvas.text(630, 328, "changed: conform again", anchor="end", size=12)
    canvas.arrow((330, 400), (330, 425), (210, 425), (210, 260), (115, 260), (115, 202), dashed=True)
    canvas.text(345, 422, "a corrected file comes", anchor="start", size=12)
    return canvas.render()


def classes() -> str:
    """Return three businesses of the same probability and the classes that their ranges give, by the model's own rule."""
    canvas = Canvas(900, 330, "From the range of a probability to a class")
    left, width, top = 190.0, 680.0, 50.0

    def x_of(points: float) -> float:
        return left + width * points / 1000

    profile = load_profile(PROFILE)
    bounds = [*profile.classes.values()]
    for name, low, high, colour in reversed([*zip(profile.classes, bounds, [1000, *bounds], COLOURS, strict=False)]):
        canvas.area(x_of(low), top, width * (high - low) / 1000, 190, colour)
        canvas.text((x_of(low) + x_of(high)) / 2, top - 10, name, bold=True)
    cases: list[tuple[str, float, float, float]] = [
        ("much is known", 0.52, 0.60, 0.68),
        ("less is known", 0.30, 0.60, 0.80),
        ("little is known", 0.10, 0.60, 0.95),
    ]
    for number, (name, *chances) in enumerate(cases):
        y = top + 40 + 55 * number
        points = credit_points(np.zeros(3), np.array(chances))
        (found,) = class_of_interval(points[:1], points[2:], profile.classes, profile.certainty.ordinary)
        best, middle, worst = (x_of(float(value)) for value in points)
        canvas.curve([(best, y), (worst, y)], "#1f4e79", 5)
        canvas.box(middle - 5, y - 9, 10, 18, "", "blue")
        canvas.text(left - 10, y - 4, name, bold=True, anchor="end", size=13)
        canvas.text(left - 10, y + 13, f"{chances[0]:.0%} to {chances[2]:.0%}: class {found}", anchor="end", size=12)
    for mark in (0, 200, 400, 600, 800, 1000):
        chance = 1 / (1 + 2 ** ((mark - 400) / 100))
        canvas.text(x_of(mark), top + 210, str(mark), size=12)
        canvas.text(x_of(mark), top + 228, f"{chance:.0%}" if chance > 0.02 else f"{chance:.1%}", size=12, colour="#5b6b78")
    canvas.text(left + width / 2, top + 258, "credit points (above) and probability of a violation (below)", size=13)
    return canvas.render()


def selection() -> str:
    """Return the two curves of the calibration: what a chosen visit finds and what a visit drawn at random finds."""
    canvas = Canvas(900, 375, "A chosen visit finds more than a visit drawn at random")
    left, bottom, width, height = 80.0, 330.0, 560.0, 280.0

    def place(margin: float, share: float) -> tuple[float, float]:
        return left + width * (margin + 5) / 8, bottom - height * share

    def found(margin: float, background: float, more: float) -> float:
        return 1 - (1 - background) / (1 + math.exp(margin + more))

    for share in (0, 0.25, 0.5, 0.75, 1):
        canvas.curve([place(-5, share), place(3, share)], "#dfe5ea", 1)
        canvas.text(left - 10, place(-5, share)[1] + 5, f"{share:.0%}", anchor="end", size=12)
    grid = [-5 + 0.1 * step for step in range(81)]
    canvas.curve([place(margin, found(margin, 0.06, 1.2)) for margin in grid], "#962f28", 3)
    canvas.curve([place(margin, found(margin, 0.05, 0.0)) for margin in grid], "#1f4e79", 3)
    canvas.text(660, 120, "visits that somebody chose", anchor="start", colour="#962f28", bold=True)
    canvas.text(660, 140, "inspectors also see what", anchor="start", size=12)
    canvas.text(660, 156, "no indicator shows", anchor="start", size=12)
    canvas.text(660, 220, "visits drawn at random", anchor="start", colour="#1f4e79", bold=True)
    canvas.text(660, 240, "what the probability means", anchor="start", size=12)
    canvas.text(left + width / 2, bottom + 30, "score (margin, in log-odds)", size=13)
    canvas.text(left, 30, "share of visits that find a violation", anchor="start", size=13)
    canvas.text(left + 8, place(-5, 0.3)[1], "small faults, found anywhere", anchor="start", size=12)
    return canvas.render()
