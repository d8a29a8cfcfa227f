"""Plants of other trades, invented in the form of the public sets: furniture panels (German; practices that changed, dated routings),
circuit boards (Korean; counts decide, no dates, most times missing), a turnery whose items have nothing but a name (Spanish).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Rows = list[list[Any]]
Generator = np.random.Generator


@dataclass(frozen=True)
class Plant:
    """Tables of a plant.

    Attributes:
        features, routing: name of the column that each of the product's columns is read from.
        items, steps: rows of both, in the order of those columns.
    """

    features: Mapping[str, str]
    routing: Mapping[str, str]
    items: Rows
    steps: Rows


STEPS: Final = {"ITEM_CD": "code", "PROC_SEQ": "no", "JOB_CD": "job", "RES_CD": "machine", "RUN_TIME": "run"}
SLIPS: Final = 0.08
"""Share of the routings in which somebody forgot an operation, or put one in that is not needed."""


def furniture(random: Generator) -> Plant:
    """Panels: board, edges and size decide; painted fronts went from the spray booth to the roller line in 2019."""
    kinds = {
        "Seitenwand": "korpus",
        "Boden": "korpus",
        "Rückwand": "rücken",
        "Front": "front",
        "Arbeitsplatte": "platte",
    }
    boards = ("Spanplatte roh", "Spanplatte Melamin weiß", "MDF roh", "Multiplex Birke", "Eiche massiv", "HDF 3")
    minutes = {
        "Zuschneiden": 4.0, "Zuschneiden Massivholz": 9.0, "Kalibrieren": 3.0, "Kante anleimen": 2.5, "Kante anleimen quer": 2.0,
        "Bohren CNC": 5.0, "Bohren Großteil": 9.0, "Nuten": 1.5, "Ausschnitt fräsen": 12.0, "Grundieren": 6.0,
        "Zwischenschliff": 5.0, "Lackieren Spritzkabine": 11.0, "Lackieren Walze": 4.0, "Ölen": 7.0, "Endkontrolle": 1.0,
        "Verpacken": 2.0,
    }  # fmt: skip
    items: Rows = []
    steps: Rows = []
    for number in range(640):
        kind = str(random.choice(list(kinds), p=[0.32, 0.28, 0.1, 0.22, 0.08]))
        board = "HDF 3" if kinds[kind] == "rücken" else str(random.choice(boards[:5], p=[0.15, 0.4, 0.25, 0.08, 0.12]))
        thick = 3 if board == "HDF 3" else 38 if kind == "Arbeitsplatte" else int(random.choice([16, 19, 22, 25]))
        long, wide = int(random.integers(30, 260)) * 10, int(random.integers(20, 90)) * 10
        edges = 0 if thick == 3 or board == "Eiche massiv" else int(random.choice([1, 2, 4], p=[0.45, 0.25, 0.3]))
        paint = "lackiert" if board in ("MDF roh", "Spanplatte roh") and kinds[kind] == "front" else ""
        finish = paint or ("geölt" if board == "Eiche massiv" else "")
        year = int(random.integers(2012, 2027))
        made = ["Zuschneiden Massivholz", "Kalibrieren"] if board == "Eiche massiv" else ["Zuschneiden"]
        made += ["Kante anleimen"] * min(edges, 2) + ["Kante anleimen quer"] * (edges == 4)
        if kinds[kind] in ("korpus", "front"):
            made.append("Bohren Großteil" if long > 2000 else "Bohren CNC")
        made += ["Nuten"] * (kind in ("Seitenwand", "Boden")) + ["Ausschnitt fräsen"] * (kind == "Arbeitsplatte")
        if paint:
            coat = "Lackieren Walze" if year >= 2019 else "Lackieren Spritzkabine"
            made += ["Grundieren", "Zwischenschliff", coat, "Zwischenschliff", coat]
        made += ["Ölen"] * (finish == "geölt") + ["Endkontrolle"] * (kinds[kind] != "rücken") + ["Verpacken"]
        made = _with_slips(random, made, list(minutes))
        code = f"{kind[:2].upper()}{number:05d}"
        name = f"{kind} {long}x{wide}x{thick} {board} {finish}".strip()
        edge = {0: "", 1: "L1", 2: "L2", 4: "L2Q2"}[edges]
        missing = random.random() < 0.1
        items.append([code, name, board, kinds[kind], "" if missing else edge, "" if missing else long, wide, thick])
        day = f"{year}-{random.integers(1, 13):02d}-{random.integers(1, 29):02d}"
        area = long * wide / 1e6
        steps += [
            [code, 10 * place, job, f"MA-{len(job):02d}", _scattered(random, minutes[job] * (0.5 + area), 0.2), day]
            for place, job in enumerate(made, 1)
        ]
    features = {
        "ITEM_CD": "Artikel", "ITEM_NM": "Bezeichnung", "ITEM_MATERIAL": "Werkstoff", "PART_TYPE": "Bauteil", "GROUP1": "Kante",
        "OUTDIAMETER": "Länge", "INDIAMETER": "Breite", "OUTTHICKNESS": "Dicke",
    }  # fmt: skip
    return Plant(features, {**STEPS, "INSRT_DT": "angelegt"}, items, steps)


def boards(random: Generator) -> Plant:
    """Circuit boards: sides, counts of parts and the customer's class decide; both sides are printed, placed and soldered alike."""
    customers = ("자동차", "의료", "가전", "통신")
    minutes = dict.fromkeys(
        ("라벨 부착", "솔더 인쇄", "SPI 검사", "SMT 실장", "리플로우", "AOI 검사", "X선 검사", "수삽", "웨이브 솔더", "선택 솔더",
         "세척", "펌웨어 기록", "ICT 시험", "기능 시험", "코팅", "번인", "포장"), 0.0
    )  # fmt: skip
    minutes = {job: float(random.uniform(0.5, 20.0)) for job in minutes}
    items: Rows = []
    steps: Rows = []
    for number in range(190):
        customer = str(random.choice(customers, p=[0.3, 0.15, 0.35, 0.2]))
        double, small, through = bool(random.random() < 0.6), int(random.lognormal(4.3, 0.8)), int(random.poisson(4))
        through = 0 if random.random() < 0.4 else through
        arrays, layers = int(random.poisson(0.5)), int(random.choice([2, 4, 6, 8]))
        side = ["솔더 인쇄", *(["SPI 검사"] if small > 60 else []), "SMT 실장", "리플로우", "AOI 검사"]
        made = ["라벨 부착", *side, *(side if double else []), *(["X선 검사"] if arrays else [])]
        if through:
            made += ["수삽", "웨이브 솔더" if through > 3 and not double else "선택 솔더"]
        made += ["세척"] * (customer in ("의료", "자동차")) + ["펌웨어 기록"] * (arrays > 0)
        made += ["ICT 시험"] * (small > 120) + ["코팅"] * (customer == "자동차")
        made += ["번인"] * (customer == "의료") + ["기능 시험", "포장"]
        made = _with_slips(random, made, list(minutes))
        code = f"PBA-{random.integers(1000, 9999)}-{number:03d}"
        words = str(random.choice(["메인보드", "전원보드", "센서모듈", "제어보드", "표시보드"]))
        name = f"{customer} {words} {'양면' if double else '단면'} {layers}층"
        items.append([code, name, customer, "양면" if double else "단면", layers, small, through, arrays])
        steps += [
            [
                code,
                place,
                job,
                f"L{place % 3 + 1}",
                _scattered(random, minutes[job], 0.3) if random.random() < 0.3 else "",
            ]
            for place, job in enumerate(made, 1)
        ]
    features = {
        "ITEM_CD": "품번", "ITEM_NM": "품명", "ITEM_GRP1": "고객군", "PART_TYPE": "실장면", "OUTDIAMETER": "층수",
        "INDIAMETER": "SMT수", "OUTTHICKNESS": "THT수", "IN_SEALSIZE": "BGA수",
    }  # fmt: skip
    return Plant(features, STEPS, items, steps)


def turnery(random: Generator) -> Plant:
    """Turned parts of which nothing is known but a name that people typed, abbreviated now and then."""
    kinds = {"Eje": "Torneado", "Casquillo": "Torneado", "Tornillo": "Torneado", "Placa": "Fresado", "Brida": "Fresado"}
    metals = {
        "inox AISI304": "",
        "acero F114": "Temple",
        "acero F125": "Temple",
        "latón": "",
        "aluminio 6082": "Anodizado",
    }
    jobs = ("Corte", "Torneado", "Fresado", "Taladrado", "Roscado", "Temple", "Rectificado", "Pulido", "Anodizado", "Lavado",
            "Control", "Embalaje")  # fmt: skip
    minutes = {job: float(random.uniform(2.0, 30.0)) for job in jobs}
    items: Rows = []
    steps: Rows = []
    for number in range(260):
        kind, metal = str(random.choice(list(kinds))), str(random.choice(list(metals)))
        thread = int(random.choice([0, 6, 8, 10, 12])) if kind in ("Tornillo", "Eje", "Brida") else 0
        across, long = int(random.integers(8, 120)), int(random.integers(10, 400))
        polished = bool(random.random() < 0.25)
        made = ["Corte", kinds[kind], *(["Taladrado"] if kind in ("Brida", "Placa") else [])]
        made += ["Roscado"] * (thread > 0) + [metals[metal]] * (metals[metal] == "Temple")
        made += ["Rectificado"] * (kind == "Eje" and across >= 40) + ["Pulido"] * polished
        made += ["Anodizado"] * (metals[metal] == "Anodizado") + ["Lavado", "Control", "Embalaje"]
        made = _with_slips(random, made, list(jobs))
        size = f"M{thread}x{long}" if thread else f"Ø{across}x{long}"
        word = f"{kind[:3]}." if random.random() < 0.15 else kind
        code = f"{number + 70_000}"
        items.append([code, " ".join([word, size, metal, *(["pulido"] if polished else [])])])
        steps += [
            [code, 5 * place, job, "", _scattered(random, minutes[job] * (0.5 + long / 200), 0.25)]
            for place, job in enumerate(made, 1)
        ]
    return Plant({"ITEM_CD": "codigo", "ITEM_SPEC": "nombre"}, STEPS, items, steps)


def _with_slips(random: Generator, made: list[str], jobs: list[str]) -> list[str]:
    """A routing as somebody entered it."""
    if random.random() >= SLIPS or len(made) < 3:
        return made
    place = int(random.integers(1, len(made) - 1))
    gone = random.random() < 0.6
    return [*made[:place], *made[place + 1 :]] if gone else [*made[:place], str(random.choice(jobs)), *made[place:]]


def _scattered(random: Generator, minutes: float, spread: float) -> float:
    return round(minutes * float(random.lognormal(0.0, spread)), 2)
