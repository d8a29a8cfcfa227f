"""Small plants as other systems export them: tables, names and habits of SAP, Odoo, ERPNext, a Korean MES, a German workshop."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import polars as pl

Tables = dict[str, pl.DataFrame]

STEPS = ("saw", "turn", "mill", "drill", "grind", "wash", "inspect")


def _routings(items: int, seed: int) -> list[list[int]]:
    """Steps (positions in STEPS) of each item's routing, rising, two to six of them."""
    draw = random.Random(seed)
    return [sorted(draw.sample(range(len(STEPS)), draw.randint(2, 6))) for _ in range(items)]


def sap() -> Tables:
    """MARA with MAKT, routings assigned by MAPL to task lists in PLPO; times with their units in columns of their own."""
    draw = random.Random(1)
    numbers = [f"{10_000_000 + 37 * at:018d}" for at in range(120)]
    mara = pl.DataFrame(
        {
            "MATNR": numbers,
            "MTART": [draw.choice(["FERT", "HALB"]) for _ in numbers],
            "MATKL": [draw.choice(["100", "200", "300"]) for _ in numbers],
            "MEINS": ["ST"] * len(numbers),
            "WRKST": [draw.choice(["1.4301", "C45", "16MnCr5"]) for _ in numbers],
            "GROES": [f"{draw.randint(20, 300)}x{draw.randint(10, 80)}" for _ in numbers],
            "BRGEW": [round(draw.uniform(0.1, 40), 3) for _ in numbers],
            "GEWEI": ["KG"] * len(numbers),
            "ERSDA": [f"{draw.randint(2001, 2020)}-0{draw.randint(1, 9)}-11" for _ in numbers],
            "ERNAM": [draw.choice(["MEIER", "SCHULZ"]) for _ in numbers],
        }
    )
    makt = pl.DataFrame({"MATNR": numbers, "SPRAS": ["D"] * 120, "MAKTX": [f"Welle {at}" for at in range(120)]})
    lists = [f"5{at:07d}" for at in range(120)]
    mapl = pl.DataFrame(
        {"MATNR": numbers, "WERKS": ["1000"] * 120, "PLNTY": ["N"] * 120, "PLNNR": lists, "PLNAL": ["01"] * 120}
    )
    rows = []
    for number, steps in zip(lists, _routings(120, 2), strict=True):
        for at, step in enumerate(steps):
            rows.append(
                (
                    number,
                    f"{draw.randint(1, 10**7):08d}",
                    f"{10 * (at + 1):04d}",
                    f"{step + 1:02d}0100",
                    f"AP{step:02d}-{draw.randint(1, 3)}",
                    STEPS[step].upper(),
                    round(draw.uniform(5, 60), 1),
                    "MIN",
                    round(draw.uniform(0.1, 2), 2),
                    "STD",
                    1,
                )
            )
    plpo = pl.DataFrame(
        rows,
        orient="row",
        schema=["PLNNR", "PLNKN", "VORNR", "KTSCH", "ARBPL", "LTXA1", "VGW01", "VGE01", "VGW02", "VGE02", "BMSCH"],
    )
    return {"MARA": mara, "MAKT": makt, "MAPL": mapl, "PLPO": plpo}


def odoo() -> Tables:
    """Templates, bills of material and their operations; names for ids in a table of work centres; the bill's lines beside them."""
    draw = random.Random(3)
    templates = list(range(7, 187))
    product = pl.DataFrame(
        {
            "id": templates,
            "name": [f"Bracket {draw.choice(['S', 'M', 'L'])} {at}" for at in templates],
            "default_code": [f"BR-{at:05d}" for at in templates],
            "categ_id": [draw.randint(1, 4) for _ in templates],
            "weight": [round(draw.uniform(0.1, 5), 2) for _ in templates],
            "list_price": [round(draw.uniform(10, 500), 2) for _ in templates],
            "active": [True] * len(templates),
            "create_uid": [draw.randint(1, 3) for _ in templates],
            "write_date": [f"2024-03-{draw.randint(10, 28)} 10:11:12" for _ in templates],
        }
    )
    category = pl.DataFrame({"id": [1, 2, 3, 4], "name": ["Plates", "Brackets", "Shafts", "Housings"]})
    centres = pl.DataFrame(
        {
            "id": list(range(1, 8)),
            "name": [f"{step} centre" for step in STEPS],
            "code": [step[:3].upper() for step in STEPS],
        }
    )
    boms = pl.DataFrame(
        {
            "id": list(range(501, 681)),
            "product_tmpl_id": templates,
            "product_qty": [1.0] * 180,
            "type": ["normal"] * 180,
        }
    )
    operations, lines, row, line = [], [], 0, 0
    for bom, steps in zip(range(501, 681), _routings(180, 4), strict=True):
        for at, step in enumerate(steps):
            row += 1
            operations.append(
                (
                    row,
                    STEPS[step].title(),
                    bom,
                    step + 1,
                    10 * at + 10,
                    round(draw.uniform(1, 90), 2),
                    draw.choice(["auto", "manual"]),
                )
            )
        for at in range(draw.randint(1, 4)):
            line += 1
            lines.append((line, bom, draw.choice(templates), float(draw.randint(1, 9)), at + 1))
    return {
        "product_template": product,
        "product_category": category,
        "mrp_workcenter": centres,
        "mrp_bom": boms,
        "mrp_bom_line": pl.DataFrame(
            lines, orient="row", schema=["id", "bom_id", "product_id", "product_qty", "sequence"]
        ),
        "mrp_routing_workcenter": pl.DataFrame(
            operations,
            orient="row",
            schema=["id", "name", "bom_id", "workcenter_id", "sequence", "time_cycle_manual", "time_mode"],
        ),
    }


def erpnext() -> Tables:
    """Item, BOM and BOM Operation as ERPNext's documents: names as keys, children by `parent` and `idx`."""
    draw = random.Random(5)
    codes = [f"GEAR-{at:04d}" for at in range(90)]
    item = pl.DataFrame(
        {
            "name": codes,
            "item_code": codes,
            "item_name": [f"Gear module {draw.choice([1, 2, 3])}" for _ in codes],
            "item_group": [draw.choice(["Spur", "Helical", "Worm"]) for _ in codes],
            "stock_uom": ["Nos"] * 90,
            "description": [f"Z={draw.randint(12, 90)} b={draw.randint(5, 50)}" for _ in codes],
            "is_stock_item": [1] * 90,
            "creation": ["2023-01-02 03:04:05.678901"] * 90,
            "modified": [f"2023-05-0{draw.randint(1, 9)} 03:04:05.678901" for _ in codes],
            "owner": ["Administrator"] * 90,
        }
    )
    boms = [f"BOM-{code}-001" for code in codes]
    bom = pl.DataFrame(
        {"name": boms, "item": codes, "quantity": [1.0] * 90, "is_active": [1] * 90, "with_operations": [1] * 90}
    )
    rows = []
    for name, steps in zip(boms, _routings(90, 6), strict=True):
        for at, step in enumerate(steps):
            rows.append(
                (
                    f"{draw.getrandbits(40):010x}",
                    name,
                    at + 1,
                    STEPS[step].title(),
                    f"WS {STEPS[step]} {draw.randint(1, 2)}",
                    round(draw.uniform(1, 60), 1),
                    round(draw.uniform(5, 50), 2),
                )
            )
    operation = pl.DataFrame(
        rows, orient="row", schema=["name", "parent", "idx", "operation", "workstation", "time_in_mins", "hour_rate"]
    )
    return {"Item": item, "BOM": bom, "BOM Operation": operation}


def korean() -> Tables:
    """A Korean MES: item master, standard operations, and order lines that look like operations."""
    draw = random.Random(7)
    names = ("절단", "선삭", "밀링", "드릴", "연삭", "세척", "검사")
    codes = [f"A{at:05d}" for at in range(150)]
    items = pl.DataFrame(
        {
            "품목코드": codes,
            "품명": [f"{draw.choice(['샤프트', '하우징', '커버'])} {at}" for at in range(150)],
            "규격": [f"Ø{draw.randint(10, 90)}x{draw.randint(100, 400)}" for _ in codes],
            "재질": [draw.choice(["SUS304", "S45C", "AL6061"]) for _ in codes],
            "대분류": [draw.choice(["회전체", "고정체"]) for _ in codes],
            "단위": ["EA"] * 150,
            "등록일": [f"2022-0{draw.randint(1, 9)}-15" for _ in codes],
            "등록자": [draw.choice(["kim", "lee"]) for _ in codes],
        }
    )
    rows, lines = [], []
    for code, steps in zip(codes, _routings(150, 8), strict=True):
        for at, step in enumerate(steps):
            rows.append(
                (
                    code,
                    at + 1,
                    f"P{step:02d}",
                    names[step],
                    f"M{step}{draw.randint(1, 3)}호기",
                    draw.randint(5, 60),
                    round(draw.uniform(1, 30), 1),
                )
            )
    for order in range(300):
        for at in range(draw.randint(1, 5)):
            lines.append(
                (f"SO{order:05d}", at + 1, draw.choice(codes), draw.randint(1, 100), draw.choice(["서울", "부산"]))
            )
    return {
        "품목마스터": items,
        "표준공정": pl.DataFrame(
            rows, orient="row", schema=["품목코드", "공정순서", "공정코드", "공정명", "설비", "준비시간", "가공시간"]
        ),
        "수주상세": pl.DataFrame(lines, orient="row", schema=["수주번호", "순번", "품목코드", "수량", "납품처"]),
    }


def event_log() -> Tables:
    """One table of a workshop: cases of parts, activities with start and end, attributes of the part in every row."""
    draw = random.Random(9)
    rows = []
    for case in range(140):
        part = draw.randint(0, 40)
        moment = datetime(2024, 1, 8, 6, 0) + timedelta(hours=draw.randint(0, 4000))
        for step in _routings(41, 10)[part]:
            finish = moment + timedelta(minutes=draw.randint(5, 240))
            rows.append(
                (
                    f"Case {case}",
                    f"Part-{part:03d}",
                    STEPS[step].title(),
                    f"Machine {step}-{draw.randint(1, 2)}",
                    moment.strftime("%Y/%m/%d %H:%M:%S.000"),
                    finish.strftime("%Y/%m/%d %H:%M:%S.000"),
                    draw.randint(1, 9),
                    f"ID{draw.randint(1000, 1020)}",
                )
            )
            moment = finish + timedelta(minutes=draw.randint(1, 90))
    return {
        "log": pl.DataFrame(
            rows,
            orient="row",
            schema=[
                "Case ID",
                "Part Desc.",
                "Activity",
                "Resource",
                "Start Timestamp",
                "Complete Timestamp",
                "Work Order Qty",
                "Worker ID",
            ],
        )
    }


PLANTS: dict[str, Callable[[], Tables]] = {
    "sap": sap,
    "odoo": odoo,
    "erpnext": erpnext,
    "korean": korean,
    "event_log": event_log,
}
