"""Sets of the shapes on which methods differ most, invented in the form of the public ones: a wafer fab (few products of hundreds of
steps that come back), a shop's orders (nearly each made its own way), materials (one operation each, most of them alike); and plants of
other trades, see `invented_plants`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.prediction_quality.invented_plants import STEPS, Plant, Rows, boards, furniture, turnery

FOLDS: Final = 5
FEATURES: Final = {
    "ITEM_CD": "code",
    "ITEM_SPEC": "text",
    "PART_TYPE": "kind",
    "ITEM_MATERIAL": "material",
    "ITEM_GRP1": "group1",
    "ITEM_UNIT": "group2",
    "OUTDIAMETER": "size",
    "INDIAMETER": "size2",
}


def write_set(name: str, folder: Path, seed: int) -> Path:
    """Write one of `SETS` into a folder below `folder`, as `public_sets.read_set` reads it."""
    plant = SETS[name](np.random.default_rng(seed))
    made = folder / name
    made.mkdir(parents=True, exist_ok=True)
    columns = [
        {"internal": internal, "role": role, "source": source}
        for role, pairs in (("features", plant.features), ("routing", plant.routing))
        for internal, source in pairs.items()
    ]
    profile = {
        "name": name,
        "tables": {"features": "items", "routing": "steps", "results": ""},
        "columns": columns,
    }
    (made / "input-profile.json").write_text(json.dumps(profile), encoding="utf-8")
    _write(made / "items.csv", list(plant.features.values()), plant.items)
    _write(made / "steps.csv", list(plant.routing.values()), plant.steps)
    folds = np.random.default_rng(seed).permutation(np.arange(len(plant.items)) % FOLDS).tolist()
    rows = [[item[0], fold] for item, fold in zip(plant.items, folds, strict=True)]
    _write(made / "folds.csv", ["ITEM_CD", "fold"], rows)
    return made


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])


def _wafers(random: np.random.Generator) -> Plant:
    modules = {
        name: [f"{name}-{step}" for step in range(int(random.integers(5, 12)))]
        for name in ("CLEAN", "LITHO", "ETCH", "DEP", "IMPLANT", "CMP", "METRO", "FURN")
    }
    flows = [random.choice(list(modules), 7).tolist() for _technology in range(2)]
    minutes = {step: float(random.uniform(5, 90)) for steps in modules.values() for step in steps}
    items: Rows = []
    routed: Rows = []
    for number in range(10):
        flow, layers = number % 2, int(random.integers(8, 15))
        steps = [
            step
            for layer in range(layers)
            for name in flows[flow]
            for step in modules[name][: None if layer % 2 else 4]
        ]
        for _missing in range(int(random.integers(0, 6))):
            del steps[int(random.integers(len(steps)))]
        code = f"WP{flow}{number:02d}"
        size = int(random.integers(100, 900))
        items.append(
            [code, f"product {'AB'[flow]} {layers} layers", f"TECH{flow}", "Si", f"F{flow}", "EA", layers, size]
        )
        routed += [
            [code, 10 * place, step, f"{step.split('-')[0]}_TOOL", _scattered(random, minutes[step], 0.15)]
            for place, step in enumerate(steps, 1)
        ]
    return Plant(FEATURES, STEPS, items, routed)


def _orders(random: np.random.Generator) -> Plant:
    kinds = ("Turning", "Milling", "Grinding", "Deburr", "Inspect", "Wash", "Lapping", "Packing", "Laser", "Heat")
    jobs = [f"{kind} - {machine}" for kind in kinds for machine in range(1, 4)]
    usual: dict[tuple[int, int, int], list[str]] = {}
    for area in range(4):
        base = random.choice(jobs, int(random.integers(4, 7)), replace=False).tolist()
        for family in range(3):
            own = [*base, str(random.choice(jobs))]
            for kind in range(3):
                usual[area, family, kind] = [*own, str(random.choice(jobs))] if random.random() < 0.5 else own
    minutes = {job: float(random.uniform(20, 600)) for job in jobs}
    often = random.dirichlet(np.full(len(usual), 0.7))
    items: Rows = []
    routed: Rows = []
    for number in range(220):
        area, family, kind = list(usual)[int(random.choice(len(usual), p=often))]
        steps: list[str] = []
        for job in usual[area, family, kind]:
            luck = random.random()
            steps += (
                []
                if luck < 0.12
                else [job] if luck < 0.9 else [job, job] if luck < 0.95 else [job, str(random.choice(jobs))]
            )
        code, quantity = f"ORD{number:04d}", int(random.integers(1, 200))
        name = (
            f"{('Cable', 'Shaft', 'Ring', 'Plate')[area]} {('head', 'body', 'cover')[family]} {random.integers(10, 90)}"
        )
        groups = [f"T{area}{family}{kind}", f"M{random.integers(5)}", f"A{area}", f"B{area}{family}"]
        items.append([code, name, *groups, quantity, int(random.integers(1, 9))])
        routed += [
            [
                code,
                10 * place,
                job,
                f"Machine {job[-1]}",
                _scattered(random, minutes[job] * (0.2 + quantity / 200), 0.8),
            ]
            for place, job in enumerate(steps or usual[area, family, kind][:1], 1)
        ]
    return Plant(FEATURES, STEPS, items, routed)


def _materials(random: np.random.Generator) -> Plant:
    jobs = random.choice([f"OP{number:02d}" for number in range(21)], 90, p=random.dirichlet(np.full(21, 0.5))).tolist()
    kinds = random.integers((1, 0, 0, 1), (9, 6, 4, 5), (90, 4)).tolist()
    minutes, often = random.uniform(2, 60, 90), random.dirichlet(np.full(90, 0.4))
    items: Rows = []
    routed: Rows = []
    for number, kind in enumerate(random.choice(90, 2272, p=often).tolist()):
        size, material, group, width = kinds[kind]
        code = f"{random.integers(100_000, 1_000_000)}-{number:04d}"
        items.append([code, "", f"G{group}", f"MAT{material}", "G", "KG", size, width])
        routed.append([code, 10, jobs[kind], "R1", _scattered(random, float(minutes[kind]), 0.1)])
    return Plant(FEATURES, STEPS, items, routed)


def _scattered(random: np.random.Generator, minutes: float, spread: float) -> float:
    return round(minutes * float(random.lognormal(0.0, spread)), 2)


SETS: Final[Mapping[str, Callable[[np.random.Generator], Plant]]] = {
    "wafers": _wafers,
    "orders": _orders,
    "materials": _materials,
    "furniture": furniture,
    "boards": boards,
    "turnery": turnery,
}
"""What writes items and steps of a set, by its name."""
