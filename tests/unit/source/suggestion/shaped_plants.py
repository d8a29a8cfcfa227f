"""Plants whose tables have another shape than items beside operations: events, a warehouse, two candidates, one wide or joined table."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import polars as pl

from tests.unit.source.suggestion import further_plants
from tests.unit.source.suggestion.further_plants import STEPS, Plant, routings_of, table_of


def event_log() -> Plant:
    """One table of events: case, activity, resource, start and end; the part and its material stand in every row."""
    draw = random.Random(71)
    rows: list[tuple[object, ...]] = []
    start = datetime(2023, 5, 1, 6)
    kinds = [draw.choice(["steel", "brass", "pom"]) for _ in range(60)]
    routings = routings_of(60, 72)
    for case in range(240):
        part = draw.randrange(60)
        moment = start + timedelta(hours=3 * case)
        for step in routings[part]:
            end = moment + timedelta(minutes=draw.randint(3, 90))
            rows.append(
                (
                    f"WO{90000 + case}",
                    STEPS[step],
                    f"{STEPS[step][0]}{draw.randint(1, 4)}",
                    f"{moment:%d.%m.%Y %H:%M:%S}",
                    f"{end:%d.%m.%Y %H:%M:%S}",
                    f"P{700 + part}",
                    kinds[part],
                )
            )
            moment = end + timedelta(minutes=draw.randint(5, 300))
    log = table_of(
        ["case id", "activity", "resource", "start timestamp", "end timestamp", "part number", "material"], rows
    )
    roles = {
        "operations": "events",
        "items": "events",
        "key": "part number",
        "item": "part number",
        "sequence": None,
        "operation": "activity",
        "run": None,
    }
    return Plant({"events": log}, roles, None)


def star_schema() -> Plant:
    """A warehouse: facts with surrogate keys only; names of everything in dimensions."""
    draw = random.Random(101)
    products = table_of(
        ["product_sk", "product_code", "product_name", "family", "diameter_mm", "valid_from", "is_current"],
        [
            (
                at + 1,
                f"SKU-{4000 + at}",
                f"Valve {at}",
                draw.choice(["ball", "gate", "check"]),
                draw.randint(10, 300),
                "2021-01-01",
                "1",
            )
            for at in range(140)
        ],
    )
    operations = table_of(["operation_sk", "operation_name"], [(at + 1, name) for at, name in enumerate(STEPS)])
    centers = table_of(
        ["work_center_sk", "work_center_name", "plant"], [(at + 1, f"Cell {at}", "North") for at in range(14)]
    )
    rows: list[tuple[object, ...]] = []
    for at, steps in enumerate(routings_of(140, 102)):
        for place, step in enumerate(steps):
            rows.append(
                (
                    at + 1,
                    step + 1,
                    step + 1 + draw.randint(0, 6),
                    place + 1,
                    round(draw.uniform(0.5, 50), 2),
                    round(draw.uniform(5, 30), 2),
                    round(draw.uniform(1, 99), 2),
                )
            )
    facts = table_of(
        ["product_sk", "operation_sk", "work_center_sk", "step_no", "std_minutes", "setup_minutes", "std_cost"], rows
    )
    roles = {
        "operations": "fact_routing",
        "items": "dim_product",
        "key": "product_sk",
        "item": "product_sk",
        "sequence": "step_no",
        "operation": "operation_sk",
        "run": "std_minutes",
    }
    tables = {"dim_product": products, "dim_operation": operations, "dim_work_center": centers, "fact_routing": facts}
    return Plant(tables, roles, "MIN")


def two_candidates() -> Plant:
    """Two tables that could both be the operations: only people know which counts."""
    draw = random.Random(111)
    codes = [f"X{100 + at}" for at in range(120)]
    items = table_of(
        ["item_no", "name", "material"], [(code, f"Part {at}", draw.choice("ABC")) for at, code in enumerate(codes)]
    )

    def operations(seed: int) -> pl.DataFrame:
        rows: list[tuple[object, ...]] = []
        for code, steps in zip(codes, routings_of(120, seed), strict=True):
            for place, step in enumerate(steps):
                rows.append((code, 10 * (place + 1), STEPS[step], f"M{step}", round(draw.uniform(1, 40), 2)))
        return table_of(["item_no", "seq", "operation", "machine", "run_min"], rows)

    roles = {
        "items": "items",
        "key": "item_no",
        "item": "item_no",
        "sequence": "seq",
        "operation": "operation",
        "run": "run_min",
    }
    tables = {"items": items, "routing_a": operations(112), "routing_b": operations(113)}
    return Plant(tables, roles, "MIN", frozenset({"operations_table"}))


def wide() -> Plant:
    """One row an item, its operations side by side: op1 to op6 with machine and minutes each."""
    draw = random.Random(121)
    names = ["part_no", "description", "alloy", "length_mm"]
    for at in range(1, 7):
        names += [f"op{at}", f"machine{at}", f"time{at}_min"]
    rows: list[tuple[object, ...]] = []
    for at, steps in enumerate(routings_of(130, 122)):
        row: list[object] = [
            f"W{5000 + at}",
            f"Bracket {at}",
            draw.choice(["6061", "7075", "2024"]),
            draw.randint(20, 900),
        ]
        for place in range(6):
            if place < len(steps):
                row += [STEPS[steps[place]], f"M{steps[place]}{draw.randint(1, 2)}", round(draw.uniform(1, 60), 2)]
            else:
                row += [None, None, None]
        rows.append(tuple(row))
    roles = {
        "operations": "parts (steps)",
        "items": "parts",
        "key": "part_no",
        "item": "part_no",
        "sequence": "step",
        "operation": "op",
        "run": "time_min",
    }
    return Plant({"parts": table_of(names, rows)}, roles, "MIN")


def joined() -> Plant:
    """One joined table: the item's columns repeat in each of its operations; hours by the title, a row number in front."""
    draw = random.Random(131)
    names = [
        "ROW",
        "PART",
        "PART DESC",
        "ALLOY",
        "OD (mm)",
        "STEP",
        "OPERATION",
        "WORK CENTRE",
        "SETUP (hrs)",
        "RUN (hrs)",
    ]
    rows: list[tuple[object, ...]] = []
    for at, steps in enumerate(routings_of(130, 132)):
        described = (f"J{800 + at}", f"Nut {at}", draw.choice(["A2", "A4"]), draw.randint(5, 90))
        for place, step in enumerate(steps):
            rows.append(
                (
                    len(rows) + 1,
                    *described,
                    10 * (place + 1),
                    STEPS[step],
                    f"WC{step}",
                    round(draw.uniform(0.1, 2), 2),
                    round(draw.uniform(0.01, 0.9), 3),
                )
            )
    roles = {
        "operations": "export",
        "items": "export",
        "key": "PART",
        "item": "PART",
        "sequence": "STEP",
        "operation": "OPERATION",
        "run": "RUN (hrs)",
    }
    return Plant({"export": table_of(names, rows)}, roles, "H")


PLANTS: dict[str, Callable[[], Plant]] = {
    "SAP, task lists shared by materials": further_plants.sap_shared_task_lists,
    "Odoo, exported by the screen": further_plants.odoo_csv_export,
    "a German Access file": further_plants.german_access,
    "Korean titles with field names": further_plants.korean_bilingual,
    "an event log": event_log,
    "Infor LN": further_plants.baan,
    "Dynamics NAV": further_plants.navision,
    "a star schema": star_schema,
    "two tables of operations": two_candidates,
    "operations side by side": wide,
    "one joined table": joined,
}
"""All of them by name."""
