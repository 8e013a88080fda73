"""How the times of a report are distributed, as a picture."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tests.bench.weather import figures
from tests.bench.weather.report import MOMENTS, Report


def draw(report: Report, file: Path) -> None:
    """The share of questions that have it by then, for each arm."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    questions = figures.paired(list(report.arms.values()))
    for place, (what, name) in zip(figure.subplots(1, 2), MOMENTS.items(), strict=True):
        longest = 0.0
        for arm in report.arms.values():
            values = np.sort(figures.seconds(arm, what, questions))
            place.step(values, np.linspace(0, 1, len(values)), where="post", label=arm.name)
            longest = max(longest, float(np.nanquantile(values, 0.99)))
        place.set_xlim(0, longest)
        place.set_ylim(0, 1)
        place.set_xlabel(f"seconds from the question to its {name}")
        place.set_ylabel("share of questions")
        place.grid(alpha=0.3)
        place.legend()
    FigureCanvasAgg(figure).print_figure(file, dpi=120)
