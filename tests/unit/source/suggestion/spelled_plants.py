"""Plants whose exports write codes, dates and numbers in ways that can be read wrongly: Oracle EBS, Business Central, a French sheet,
event logs, SAP, ERPNext, Infor, a Japanese sheet. Each says what is right, and what nobody can know without asking.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from tests.unit.source.suggestion.further_plants import STEPS, Plant, routings_of, table_of

Row = tuple[object, ...]
ITEMS = 120
WORKS = ("切断", "旋削", "フライス", "穴あけ", "研削", "熱処理", "洗浄", "検査")


def comma(value: float, digits: int = 2) -> str:
    """A number with a decimal comma."""
    return f"{value:.{digits}f}".replace(".", ",")


def early_day(draw: random.Random, order: str, year: int = 2023) -> str:
    """A date whose day is no greater than 12."""
    return datetime(year, draw.randint(1, 12), draw.randint(1, 12)).strftime(order)


def oracle_ebs() -> Plant:
    """BOM_OPERATIONAL_ROUTINGS between items and sequences; segments such as 1E5; dates of which no day is above 12."""
    draw = random.Random(201)
    codes = [f"{1 + at % 9}E{at:03d}" for at in range(ITEMS)]
    items = table_of(
        ["INVENTORY_ITEM_ID", "SEGMENT1", "DESCRIPTION", "ITEM_TYPE", "UNIT_WEIGHT", "WEIGHT_UOM_CODE", "START_DATE_ACTIVE"],
        [
            (9000 + at, code, f"Pump part {at}", draw.choice(["FG", "SA", "PH"]), round(draw.uniform(0.2, 9), 2), "KG",
             early_day(draw, "%m/%d/%Y"))
            for at, code in enumerate(codes)
        ],
    )  # fmt: skip
    heads = table_of(
        ["ROUTING_SEQUENCE_ID", "ASSEMBLY_ITEM_ID", "ORGANIZATION_ID"],
        [(70000 + at, 9000 + at, 204) for at in range(ITEMS)],
    )
    rows: list[Row] = []
    for at, steps in enumerate(routings_of(ITEMS, 202)):
        for place, step in enumerate(steps):
            rows.append(
                (300000 + len(rows), 70000 + at, 10 * (place + 1), step + 1, STEPS[step], early_day(draw, "%m/%d/%Y"),
                 step + 40, round(draw.uniform(0.02, 0.9), 3), round(draw.uniform(0.2, 2), 2))
            )  # fmt: skip
    operations = table_of(
        ["OPERATION_SEQUENCE_ID", "ROUTING_SEQUENCE_ID", "OPERATION_SEQ_NUM", "STANDARD_OPERATION_ID", "OPERATION_DESCRIPTION",
         "EFFECTIVITY_DATE", "DEPARTMENT_ID", "RUN_TIME_HOURS", "SETUP_TIME_HOURS"],
        rows,
    )  # fmt: skip
    roles = {
        "operations": "BOM_OPERATION_SEQUENCES",
        "items": "MTL_SYSTEM_ITEMS",
        "sequence": "OPERATION_SEQ_NUM",
        "run": "RUN_TIME_HOURS",
    }
    tables = {"MTL_SYSTEM_ITEMS": items, "BOM_OPERATIONAL_ROUTINGS": heads, "BOM_OPERATION_SEQUENCES": operations}
    return Plant(tables, roles, "H", frozenset({"date_order"}))


def business_central() -> Plant:
    """Item and Routing Line; times with a sign before three digits everywhere, classes such as 6H and 12M."""
    draw = random.Random(211)
    codes = [f"{1000 + at}" for at in range(ITEMS)]
    items = table_of(
        ["No.", "Description", "Routing No.", "Tolerance Class", "Base Unit of Measure"],
        [
            (code, f"Bicycle {at}", f"R{code}", draw.choice(["6H", "7H", "8D", "12M", "11H"]), "PCS")
            for at, code in enumerate(codes)
        ],
    )
    rows: list[Row] = []
    for code, steps in zip(codes, routings_of(ITEMS, 212), strict=True):
        for place, step in enumerate(steps):
            rows.append(
                (f"R{code}", f"{10 * (place + 1)}", "Machine Center", f"{100 + step * 10}", STEPS[step],
                 f"{draw.randint(1, 60)},{draw.randint(100, 999)}", f"{draw.randint(5, 45)}")
            )  # fmt: skip
    lines = table_of(["Routing No.", "Operation No.", "Type", "No.", "Description", "Run Time", "Setup Time"], rows)
    roles = {
        "operations": "Routing Line",
        "items": "Item",
        "key": "No.",
        "sequence": "Operation No.",
        "run": "Run Time",
    }
    return Plant({"Item": items, "Routing Line": lines}, roles, None, frozenset({"decimal_sign"}))


def french_sheet() -> Plant:
    """Decimal commas, which also tell that days stand before months; a ratio that is no time; a weight of three decimals."""
    draw = random.Random(221)
    codes = [f"{at:05d}" for at in range(ITEMS)]
    items = table_of(
        ["Code article", "Désignation", "Matière", "Diamètre (mm)", "Poids kg", "Rapport", "Créé le"],
        [
            (code, f"Axe {at}", draw.choice(["42CD4", "316L", "S355"]), comma(draw.uniform(4, 90), 1),
             comma(draw.uniform(1, 30), 3), f"1:{draw.choice([20, 30, 50])}", early_day(draw, "%d/%m/%Y"))
            for at, code in enumerate(codes)
        ],
    )  # fmt: skip
    rows: list[Row] = []
    for code, steps in zip(codes, routings_of(ITEMS, 222), strict=True):
        for place, step in enumerate(steps):
            rows.append(
                (code, 10 * (place + 1), f"{STEPS[step]}age", f"MAC{step:02d}", comma(draw.uniform(0.5, 40)),
                 early_day(draw, "%d/%m/%Y"))
            )  # fmt: skip
    gamme = table_of(["Code article", "N° phase", "Opération", "Machine", "Temps unitaire (min)", "Valable dès"], rows)
    roles = {
        "operations": "Gammes",
        "items": "Articles",
        "key": "Code article",
        "item": "Code article",
        "sequence": "N° phase",
        "operation": "Opération",
        "run": "Temps unitaire (min)",
    }
    return Plant({"Articles": items, "Gammes": gamme}, roles, "MIN")


def event_log_two_columns() -> Plant:
    """Start and end as dates with slashes of which no day is above 12: the minutes between are the same either way, their order is not."""
    draw = random.Random(231)
    codes = [f"W-{100 + at}" for at in range(ITEMS)]
    parts = table_of(
        ["part_no", "part_name", "family"],
        [(code, f"Widget {at}", draw.choice("XYZ")) for at, code in enumerate(codes)],
    )
    rows: list[Row] = []
    for at, (code, steps) in enumerate(zip(codes, routings_of(ITEMS, 232), strict=True)):
        moment = datetime(2024, 1 + at % 12, 1 + at % 9, 6, draw.randint(0, 59))
        for step in steps:
            start = moment + timedelta(minutes=draw.randint(1, 200))
            moment = start + timedelta(minutes=draw.randint(2, 120))
            if moment.day > 12:
                break
            rows.append(
                (
                    len(rows) + 1,
                    code,
                    f"WO{5000 + at}",
                    STEPS[step],
                    f"ST{step}",
                    f"{start:%m/%d/%Y %H:%M}",
                    f"{moment:%m/%d/%Y %H:%M}",
                )
            )
    log = table_of(["event_id", "part_no", "work_order", "activity", "station", "started_at", "finished_at"], rows)
    roles = {
        "operations": "production_log",
        "items": "parts",
        "key": "part_no",
        "item": "part_no",
        "operation": "activity",
    }
    return Plant({"parts": parts, "production_log": log}, roles, None, frozenset({"date_order"}))


SHOWN = {
    "Oracle EBS": oracle_ebs,
    "Business Central": business_central,
    "French sheet": french_sheet,
    "event log, two columns": event_log_two_columns,
}


def sap_with_grouped_numbers() -> Plant:
    """MARA, MAPL, STKO-like heads and PLPO of a German export: points separate thousands, as a comma elsewhere shows; units row by row."""
    draw = random.Random(241)
    numbers = [f"{4000 + at:08d}" for at in range(ITEMS)]
    mara = table_of(
        ["MATNR", "MTART", "MATKL", "BRGEW", "GEWEI", "NORMT"],
        [
            (number, draw.choice(["FERT", "HALB"]), draw.choice(["001", "002"]), comma(draw.uniform(0.5, 30)), "KG",
             draw.choice(["4H", "6H", "10H", "12H"]))
            for number in numbers
        ],
    )  # fmt: skip
    mapl = table_of(
        ["MATNR", "WERKS", "PLNTY", "PLNNR", "PLNAL"],
        [(number, "1000", "N", f"{50000 + at}", "1") for at, number in enumerate(numbers)],
    )
    rows: list[Row] = []
    for at, steps in enumerate(routings_of(ITEMS, 242)):
        for place, step in enumerate(steps):
            rows.append(
                (f"{50000 + at}", f"{len(rows) + 1:08d}", f"{10 * (place + 1):04d}", f"AP{step:02d}", f"{STEPS[step]}en",
                 f"{draw.randint(1, 4)}.{draw.randint(100, 999)}", "S")
            )  # fmt: skip
    plpo = table_of(["PLNNR", "PLNKN", "VORNR", "ARBPL", "LTXA1", "VGW02", "VGE02"], rows)
    roles = {
        "operations": "PLPO",
        "items": "MARA",
        "key": "MATNR",
        "item": "MATNR",
        "sequence": "VORNR",
        "run": "VGW02",
    }
    return Plant({"MARA": mara, "MAPL": mapl, "PLPO": plpo}, roles, "column VGE02")


def erpnext_children() -> Plant:
    """BOM and its child table of operations; clock times of which nobody says whether hours or minutes stand first."""
    draw = random.Random(251)
    codes = [f"ITM-{at:04d}" for at in range(ITEMS)]
    items = table_of(
        ["name", "item_name", "item_group", "stock_uom", "is_sales_item", "modified"],
        [
            (code, f"Frame {at}", draw.choice(["Frames", "Legs"]), "Nos", at % 2, "2024-05-06 10:00:00")
            for at, code in enumerate(codes)
        ],
    )
    boms = table_of(["name", "item", "is_default"], [(f"BOM-{code}-001", code, 1) for code in codes])
    rows: list[Row] = []
    for code, steps in zip(codes, routings_of(ITEMS, 252), strict=True):
        for place, step in enumerate(steps):
            rows.append(
                (
                    f"op{len(rows):06d}",
                    f"BOM-{code}-001",
                    place + 1,
                    STEPS[step],
                    f"WS {step}",
                    f"{draw.randint(0, 3)}:{draw.randint(10, 59)}",
                )
            )
    child = table_of(["name", "parent", "idx", "operation", "workstation", "time_in_process"], rows)
    roles = {
        "operations": "BOM Operation",
        "items": "Item",
        "sequence": "idx",
        "operation": "operation",
        "run": "time_in_process",
    }
    return Plant({"Item": items, "BOM": boms, "BOM Operation": child}, roles, "H", frozenset({"duration"}))


def infor() -> Plant:
    """Infor LN's short names; codes TRUE, NA and null among the items; dates day first as one of them shows."""
    draw = random.Random(261)
    codes = [f"{code}" for code in ("TRUE", "NA", "null", "1E5", "00123", "1-2")] + [
        f"LN{at:04d}" for at in range(ITEMS - 6)
    ]
    items = table_of(
        ["t_item", "t_dsca", "t_citg", "t_cuni"],
        [(code, f"Valve {at}", draw.choice(["G1", "G2", "G3"]), "pcs") for at, code in enumerate(codes)],
    )
    rows: list[Row] = []
    for code, steps in zip(codes, routings_of(ITEMS, 262), strict=True):
        for place, step in enumerate(steps):
            rows.append(
                (code, "1", 10 * (place + 1), step + 100, f"W{step:02d}", draw.randint(2, 90), draw.randint(1, 40),
                 f"{draw.randint(1, 28):02d}/{draw.randint(1, 12):02d}/2022")
            )  # fmt: skip
    rows.append((*rows[0][:2], 990, *rows[0][3:7], "28/02/2022"))
    operations = table_of(["t_mitm", "t_opro", "t_opno", "t_tano", "t_cwoc", "t_rutm", "t_sutm", "t_indt"], rows)
    roles = {"operations": "ttirou102", "items": "ttcibd001", "key": "t_item", "item": "t_mitm", "sequence": "t_opno"}
    return Plant({"ttcibd001": items, "ttirou102": operations}, roles, None)


def japanese_sheet() -> Plant:
    """Titles in Japanese, full-width digits, minutes in words; a grade 10M that is no length."""
    draw = random.Random(271)
    codes = [f"図{at:04d}" for at in range(ITEMS)]
    items = table_of(
        ["品番", "品名", "材質", "等級", "外径(mm)"],
        [
            (
                code,
                f"シャフト{at}",
                draw.choice(["S45C", "SUS304", "SCM440"]),
                draw.choice(["5M", "8M", "10M"]),
                draw.randint(5, 80),
            )
            for at, code in enumerate(codes)
        ],
    )
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    rows: list[Row] = []
    for code, steps in zip(codes, routings_of(ITEMS, 272), strict=True):
        for place, step in enumerate(steps):
            rows.append(
                (code, str(10 * (place + 1)).translate(wide), WORKS[step],
                 f"M{step}", f"{draw.randint(2, 50)}分")
            )  # fmt: skip
    steps_table = table_of(["品番", "工順", "工程名", "設備", "加工時間"], rows)
    roles = {
        "operations": "工程表",
        "items": "品目マスタ",
        "key": "品番",
        "item": "品番",
        "sequence": "工順",
        "operation": "工程名",
        "run": "加工時間",
    }
    return Plant({"品目マスタ": items, "工程表": steps_table}, roles, "MIN")


def log_of_states() -> Plant:
    """A log with one row a change of state: no row has both ends of an operation."""
    draw = random.Random(281)
    codes = [f"S{300 + at}" for at in range(ITEMS)]
    parts = table_of(
        ["sku", "title", "category"], [(code, f"Shelf {at}", draw.choice("PQR")) for at, code in enumerate(codes)]
    )
    rows: list[Row] = []
    for at, (code, steps) in enumerate(zip(codes, routings_of(ITEMS, 282), strict=True)):
        moment = datetime(2024, 2, 1 + at % 25, 6)
        for step in steps:
            for state in ("started", "completed"):
                moment += timedelta(minutes=draw.randint(3, 90))
                rows.append((code, f"J{7000 + at}", STEPS[step], state, f"{moment:%Y-%m-%d %H:%M:%S}", f"cell {step}"))
    log = table_of(["sku", "job", "activity", "lifecycle", "timestamp", "resource"], rows)
    roles = {"operations": "events (states)", "items": "skus", "key": "sku", "item": "sku", "operation": "activity"}
    return Plant({"skus": parts, "events": log}, roles)


HELD_BACK = {
    "SAP with grouped numbers": sap_with_grouped_numbers,
    "ERPNext, child table": erpnext_children,
    "Infor LN, codes like words": infor,
    "Japanese sheet": japanese_sheet,
    "log of states": log_of_states,
}
