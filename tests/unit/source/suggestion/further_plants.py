"""More small plants as systems export them, each with what is right for it: roles, the unit of run times, and what has to be asked."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

Tables = dict[str, pl.DataFrame]
STEPS = ("Saw", "Turn", "Mill", "Drill", "Grind", "Harden", "Wash", "Inspect")


@dataclass(frozen=True)
class Plant:
    """Tables and the truth about them.

    Attributes:
        roles: operations, items, key, item, sequence, operation, run -> table or column.
        unit: of the run times, as a suggestion names it; "column NAME" where each row tells it; None where nothing does.
        asks: topics that have to be asked.
    """

    tables: Tables
    roles: Mapping[str, str | None]
    unit: str | None = None
    asks: frozenset[str] = field(default=frozenset())


def routings_of(items: int, seed: int) -> list[list[int]]:
    """Steps (positions in STEPS) of each item's routing, rising, two to six of them."""
    draw = random.Random(seed)
    return [sorted(draw.sample(range(len(STEPS)), draw.randint(2, 6))) for _ in range(items)]


def table_of(names: list[str], rows: list[tuple[object, ...]]) -> pl.DataFrame:
    """A table of texts; "" where absent."""
    return pl.DataFrame(
        [["" if value is None else str(value) for value in row] for row in rows], orient="row", schema=names
    )


def sap_shared_task_lists() -> Plant:
    """Several materials of a family share a task list; its head is PLKO, and times are for 100 pieces."""
    draw = random.Random(31)
    materials = [f"{100000 + 7 * at:018d}" for at in range(150)]
    lists = [f"{50000000 + at}" for at in range(60)]
    mara = table_of(
        ["MANDT", "MATNR", "ERSDA", "ERNAM", "MTART", "MATKL", "MEINS", "NTGEW", "GEWEI", "GROES", "WRKST"],
        [
            (
                "100",
                material,
                "20190305",
                draw.choice(["KLEIN", "GROSS"]),
                draw.choice(["FERT", "HALB"]),
                draw.choice(["0001", "0002", "0010"]),
                "ST",
                round(draw.uniform(0.1, 9), 3),
                "KG",
                f"D{draw.randint(10, 90)}X{draw.randint(10, 200)}",
                draw.choice(["C45", "1.4301"]),
            )
            for material in materials
        ],
    )
    mapl = table_of(
        ["MANDT", "MATNR", "WERKS", "PLNTY", "PLNNR", "PLNAL", "ZKRIZ"],
        [("100", material, "1000", "N", draw.choice(lists), "01", "1") for material in materials],
    )
    plko = table_of(
        ["MANDT", "PLNTY", "PLNNR", "PLNAL", "ZAEHL", "KTEXT", "STATU", "LOSVN", "LOSBS"],
        [("100", "N", number, "01", "1", f"Plan {at}", "4", "1", "99999999") for at, number in enumerate(lists)],
    )
    rows: list[tuple[object, ...]] = []
    for number, steps in zip(lists, routings_of(60, 32), strict=True):
        for at, step in enumerate(steps):
            rows.append(
                (
                    "100",
                    "N",
                    number,
                    f"{at + 1:08d}",
                    f"{10 * (at + 1):04d}",
                    "PP01",
                    f"{4711000 + step:08d}",
                    STEPS[step],
                    "100",
                    "ST",
                    round(draw.uniform(5, 40), 1),
                    "MIN",
                    round(draw.uniform(20, 300), 1),
                    "MIN",
                )
            )
    plpo = table_of(
        [
            "MANDT",
            "PLNTY",
            "PLNNR",
            "PLNKN",
            "VORNR",
            "STEUS",
            "ARBID",
            "LTXA1",
            "BMSCH",
            "MEINH",
            "VGW01",
            "VGE01",
            "VGW02",
            "VGE02",
        ],
        rows,
    )
    roles = {
        "operations": "PLPO",
        "items": "MARA",
        "key": "MATNR",
        "item": "MATNR",
        "sequence": "VORNR",
        "operation": "LTXA1",
        "run": "VGW02",
    }
    return Plant({"MARA": mara, "MAPL": mapl, "PLKO": plko, "PLPO": plpo}, roles, "column VGE02")


def odoo_csv_export() -> Plant:
    """Odoo's export by its screen: titles with slashes, names instead of ids, times in minutes by the title."""
    draw = random.Random(41)
    products = [f"[P-{1000 + at}] {draw.choice(['Shaft', 'Ring', 'Plate'])} {at}" for at in range(120)]
    template = table_of(
        [
            "Internal Reference",
            "Display Name",
            "Product Category",
            "Weight",
            "Unit of Measure",
            "Sales Price",
            "Created on",
        ],
        [
            (
                f"P-{1000 + at}",
                product,
                draw.choice(["All / Turned", "All / Milled", "All / Cast"]),
                round(draw.uniform(0.2, 12), 2),
                "Units",
                round(draw.uniform(5, 900), 2),
                "2023-02-03 10:11:12",
            )
            for at, product in enumerate(products)
        ],
    )
    rows: list[tuple[object, ...]] = []
    for product, steps in zip(products, routings_of(120, 42), strict=True):
        for at, step in enumerate(steps):
            rows.append(
                (
                    product,
                    STEPS[step],
                    f"{STEPS[step]} center {draw.randint(1, 3)}",
                    at + 1,
                    round(draw.uniform(1, 60), 2),
                    "Set duration manually",
                )
            )
    operations = table_of(
        [
            "Bill of Material/Product/Display Name",
            "Operation",
            "Work Center/Name",
            "Sequence",
            "Manual Duration (minutes)",
            "Duration Computation",
        ],
        rows,
    )
    roles = {
        "operations": "mrp.routing.workcenter",
        "items": "product.template",
        "key": "Display Name",
        "item": "Bill of Material/Product/Display Name",
        "sequence": "Sequence",
        "operation": "Operation",
        "run": "Manual Duration (minutes)",
    }
    return Plant({"product.template": template, "mrp.routing.workcenter": operations}, roles, "MIN")


def german_access() -> Plant:
    """A German workshop's Access file: numbers as keys everywhere, a plan between article and operations, tr and te."""
    draw = random.Random(51)
    articles = table_of(
        [
            "ArtikelID",
            "Artikelnummer",
            "Bezeichnung",
            "Werkstoff",
            "Durchmesser_mm",
            "Länge_mm",
            "Gewicht_kg",
            "angelegt_am",
        ],
        [
            (
                at + 1,
                f"{draw.randint(10, 99)}-{1000 + at}",
                f"{draw.choice(['Welle', 'Buchse', 'Flansch'])} {at}",
                draw.choice(["C45", "42CrMo4", "1.4571"]),
                draw.randint(8, 240),
                draw.randint(10, 900),
                round(draw.uniform(0.1, 30), 2),
                "12.03.2018",
            )
            for at in range(130)
        ],
    )
    plans = table_of(
        ["PlanID", "ArtikelID", "PlanVersion", "freigegeben"], [(at + 500, at + 1, 1, "-1") for at in range(130)]
    )
    machines = table_of(
        ["MaschineID", "Maschine", "Kostenstelle"],
        [(at + 1, f"{name} {at}", 4000 + at % 4) for at, name in enumerate(STEPS)],
    )
    rows: list[tuple[object, ...]] = []
    for at, steps in enumerate(routings_of(130, 52)):
        for place, step in enumerate(steps):
            rows.append(
                (
                    len(rows) + 1,
                    at + 500,
                    10 * (place + 1),
                    f"{STEPS[step]}en",
                    step + 1,
                    draw.randint(5, 60),
                    f"{draw.uniform(0.5, 30):.2f}".replace(".", ","),
                )
            )
    steps_table = table_of(["AGID", "PlanID", "AFO", "Arbeitsgang", "MaschineID", "tr_min", "te_min"], rows)
    roles = {
        "operations": "tblArbeitsgaenge",
        "items": "tblArtikel",
        "key": "ArtikelID",
        "item": "ArtikelID",
        "sequence": "AFO",
        "operation": "Arbeitsgang",
        "run": "te_min",
    }
    tables = {"tblArtikel": articles, "tblPlan": plans, "tblMaschine": machines, "tblArbeitsgaenge": steps_table}
    return Plant(tables, roles, "MIN")


def korean_bilingual() -> Plant:
    """A Korean ERP's export: Korean titles with the field's name in brackets, times in seconds by the title."""
    draw = random.Random(61)
    codes = [f"A{20000 + 3 * at}" for at in range(140)]
    items = table_of(
        [
            "품목코드(ITEM_CD)",
            "품목명(ITEM_NM)",
            "규격(SPEC)",
            "재질(MATL)",
            "대분류(LCLS)",
            "중분류(MCLS)",
            "등록일자(REG_DT)",
            "등록자(REG_ID)",
        ],
        [
            (
                code,
                f"실링 {at}",
                f"Ø{draw.randint(10, 90)}x{draw.randint(5, 40)}",
                draw.choice(["SUS304", "SIC", "CARBON"]),
                "메카니컬",
                draw.choice(["싱글", "더블"]),
                "2021-03-04",
                draw.choice(["kim", "lee"]),
            )
            for at, code in enumerate(codes)
        ],
    )
    rows: list[tuple[object, ...]] = []
    for code, steps in zip(codes, routings_of(140, 62), strict=True):
        for place, step in enumerate(steps):
            rows.append(
                (
                    code,
                    1,
                    10 * (place + 1),
                    f"PR{step:02d}",
                    f"{STEPS[step]}가공",
                    f"EQ{step}{draw.randint(1, 2)}",
                    draw.randint(30, 4000),
                    draw.randint(60, 900),
                    "2022-01-01",
                )
            )
    steps_table = table_of(
        [
            "품목코드(ITEM_CD)",
            "라우팅차수(ROUT_REV)",
            "공정순번(PROC_SEQ)",
            "공정코드(PROC_CD)",
            "공정명(PROC_NM)",
            "설비코드(EQP_CD)",
            "표준시간(ST_SEC)",
            "준비시간(초)",
            "등록일자(REG_DT)",
        ],
        rows,
    )
    roles = {
        "operations": "공정정보",
        "items": "품목정보",
        "key": "품목코드(ITEM_CD)",
        "item": "품목코드(ITEM_CD)",
        "sequence": "공정순번(PROC_SEQ)",
        "operation": "공정코드(PROC_CD)",
        "run": "표준시간(ST_SEC)",
    }
    return Plant({"품목정보": items, "공정정보": steps_table}, roles, "SEC")


def baan() -> Plant:
    """Infor LN: every column is t_ and four letters."""
    draw = random.Random(81)
    codes = [f"         {draw.choice('ABCD')}{3000 + at}" for at in range(130)]
    items = table_of(
        ["t_item", "t_dsca", "t_citg", "t_cuni", "t_kitm", "t_wght", "t_cdat"],
        [
            (
                code,
                f"Part {at}",
                draw.choice(["010", "020", "030"]),
                "pcs",
                draw.choice(["1", "2"]),
                round(draw.uniform(0.1, 30), 3),
                f"2019-0{draw.randint(1, 9)}-12",
            )
            for at, code in enumerate(codes)
        ],
    )
    rows: list[tuple[object, ...]] = []
    for code, steps in zip(codes, routings_of(130, 82), strict=True):
        for place, step in enumerate(steps):
            rows.append(
                (
                    code,
                    "000001",
                    10 * (place + 1),
                    f"T{step:03d}",
                    f"W{step // 2:02d}",
                    f"M{step}{draw.randint(0, 2)}",
                    round(draw.uniform(5, 45), 1),
                    round(draw.uniform(0.5, 40), 3),
                )
            )
    steps_table = table_of(["t_mitm", "t_opro", "t_opno", "t_tano", "t_cwoc", "t_mcno", "t_sutm", "t_rutm"], rows)
    tasks = table_of(["t_tano", "t_dsca"], [(f"T{at:03d}", name) for at, name in enumerate(STEPS)])
    roles = {
        "operations": "ttirou102100",
        "items": "ttcibd001100",
        "key": "t_item",
        "item": "t_mitm",
        "sequence": "t_opno",
        "operation": "t_tano",
        "run": "t_rutm",
    }
    return Plant({"ttcibd001100": items, "ttirou102100": steps_table, "ttirou003100": tasks}, roles, None)


def navision() -> Plant:
    """Dynamics NAV: items name their routing, several items the same one; lines name it, too; each line tells the unit of its times."""
    draw = random.Random(91)
    routings = [f"R{1000 + at}" for at in range(70)]
    items = table_of(
        [
            "No_",
            "Description",
            "Base Unit of Measure",
            "Item Category Code",
            "Net Weight",
            "Routing No_",
            "Production BOM No_",
            "Last Date Modified",
        ],
        [
            (
                f"{70000 + at}",
                f"Gear {at}",
                "PCS",
                draw.choice(["GEAR", "RING", "BOLT"]),
                round(draw.uniform(0.1, 4), 2),
                draw.choice(routings),
                f"B{at}",
                "2020-01-01",
            )
            for at in range(160)
        ],
    )
    heads = table_of(
        ["No_", "Description", "Status", "Type", "Version Nos_"],
        [(number, f"Routing {at}", "1", "0", "") for at, number in enumerate(routings)],
    )
    rows: list[tuple[object, ...]] = []
    for number, steps in zip(routings, routings_of(70, 92), strict=True):
        for place, step in enumerate(steps):
            following = f"{10 * (place + 2)}" if place + 1 < len(steps) else ""
            rows.append(
                (
                    number,
                    "",
                    f"{10 * (place + 1)}",
                    following,
                    "1",
                    f"WC{step}{draw.randint(1, 2)}",
                    f"WC{step}",
                    STEPS[step],
                    draw.randint(5, 40),
                    draw.choice(["MIN", "HR"]),
                    round(draw.uniform(1, 20), 1),
                    "MIN",
                    0,
                    5,
                )
            )
    lines = table_of(
        [
            "Routing No_",
            "Version Code",
            "Operation No_",
            "Next Operation No_",
            "Type",
            "No_",
            "Work Center No_",
            "Description",
            "Setup Time",
            "Setup Time Unit of Meas_ Code",
            "Run Time",
            "Run Time Unit of Meas_ Code",
            "Wait Time",
            "Move Time",
        ],
        rows,
    )
    roles = {
        "operations": "Routing Line",
        "items": "Item",
        "key": "No_",
        "item": "No_",
        "sequence": "Operation No_",
        "operation": "Description",
        "run": "Run Time",
    }
    return Plant(
        {"Item": items, "Routing Header": heads, "Routing Line": lines}, roles, "column Run Time Unit of Meas_ Code"
    )
