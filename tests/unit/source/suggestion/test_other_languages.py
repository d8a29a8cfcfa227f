"""Sources in further languages and spellings: the right columns, and the right values read through the draft."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from source import open_source
from source.opening import open_mapped
from source.role_reading import read_role
from source.suggestion import suggest
from source.suggestion.drafting import suggest_profile
from source.suggestion.suggestion import NothingFound

STEPS = 6
Names = tuple[str, str, str, str, str, str, str]


def plant(names: Names, operations: list[str], seed: int = 3) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Items and operations; names of code, kind, size, sequence, operation, machine and run time."""
    draw = random.Random(seed)
    code, kind, size, sequence, operation, machine, run = names
    items = [f"K{number:05d}" for number in range(140)]
    rows = []
    for item in items:
        for place, step in enumerate(sorted(draw.sample(range(STEPS), draw.randint(2, STEPS - 1)))):
            made_on = f"M{step}{draw.choice('AB')}"
            rows.append(
                (item, 10 * (place + 1), operations[step], made_on, round(draw.uniform(0.5, 30) * (step + 1), 2))
            )
    table = pl.DataFrame(
        {code: items, kind: [draw.choice("ABC") for _ in items], size: [round(draw.uniform(5, 90), 1) for _ in items]}
    )
    return table, pl.DataFrame(rows, orient="row", schema=[code, sequence, operation, machine, run])


@pytest.mark.parametrize(
    ("tables", "names", "operations"),
    [
        (("品目マスタ", "工程表"),
         ("品番", "材質", "外径", "工順", "工程名", "設備", "加工時間(分)"), "切断 旋削 フライス 研削 熱処理 検査"),
        (("物料", "工艺路线"),
         ("物料编码", "材料", "外径", "工序号", "工序名称", "工作中心", "加工时间"), "下料 车削 铣削 磨削 热处理 检验"),
        (("articulos", "operaciones"), ("codigo_articulo", "familia", "diametro", "fase", "operacion", "maquina", "tiempo_unitario"),
         "Corte Torneado Fresado Rectificado Temple Control"),
        (("Indeksy", "Marszruty"), ("Indeks", "Rodzina", "Średnica", "Nr operacji", "Operacja", "Stanowisko", "Tj [min]"),
         "Cięcie Toczenie Frezowanie Szlifowanie Hartowanie Kontrola"),
        (("Номенклатура", "Маршруты"),
         ("Код", "Группа", "Диаметр", "Номер операции", "Операция", "Оборудование", "Штучное время, мин"),
         "Отрезная Токарная Фрезерная Шлифовальная Термическая Контроль"),
        (("Stoklar", "Rotalar"), ("Stok Kodu", "Grup", "Çap", "Sıra", "İşlem", "Tezgah", "İşleme Süresi (dk)"),
         "Kesme Tornalama Frezeleme Taşlama Isıl Kontrol"),
        (("artigos", "roteiro"), ("cod_artigo", "grupo", "diametro", "sequencia", "operacao", "maquina", "tempo_usinagem"),
         "Corte Torneamento Fresamento Retífica Têmpera Inspeção"),
        (("Artikelen", "Bewerkingen"), ("Artikelnr", "Groep", "Lengte", "Volgnr", "Bewerking", "Machine", "Bewerkingstijd (min)"),
         "Zagen Draaien Frezen Slijpen Harden Keuren"),
        (("INVENTTABLE", "ROUTE"),
         ("ITEMID", "ITEMGROUPID", "HEIGHT", "OPRNUM", "OPRID", "WRKCTRID", "PROCESSTIME"), "Cut Weld Paint Turn Fit Test"),
        (("t1", "t2"), ("f1", "f2", "f3", "c2", "c3", "c4", "c5"), "x1 x2 x3 x4 x5 x6"),
    ],
)  # fmt: skip
def test_roles_are_found_whatever_the_language(tables: tuple[str, str], names: Names, operations: str) -> None:
    items, steps = plant(names, operations.split())
    found = suggest({tables[0]: items, tables[1]: steps})
    assert found.operations.table.name == tables[1]
    assert found.items is not None
    assert (found.items.table.name, found.items.key.name) == (tables[0], names[0])
    sequence, operation = found.operations.sequence, found.operations.operation
    assert sequence is not None
    assert operation is not None
    assert (sequence.name, operation.name) == (names[3], names[4])
    assert [(time.role, time.column.name) for time in found.operations.times] == [("run", names[6])]


def test_decimal_commas_durations_and_days_first_are_read_through_the_draft(tmp_path: Path) -> None:
    items, steps = plant(
        ("Teilenummer", "Werkstoff", "Durchmesser [mm]", "AG-Nr", "Arbeitsgang", "Maschine", "Rüstzeit (min)"),
        ["Sägen", "Drehen", "Fräsen", "Schleifen", "Härten", "Prüfen"],
    )
    comma = pl.col("Durchmesser [mm]").cast(pl.String).str.replace(".", ",", literal=True)
    items.with_columns(comma).write_csv(tmp_path / "Teilestamm.csv", separator=";")
    run = pl.Series("Stückzeit (h:mm)", [f"{n % 3}:{n % 60:02d}" for n in range(steps.height)])
    steps.with_columns(run, pl.col("Rüstzeit (min)").cast(pl.String).str.replace(".", ",", literal=True)).write_csv(
        tmp_path / "Arbeitsgaenge.csv", separator=";"
    )
    draft = suggest_profile(open_source(tmp_path), "p")
    source = open_mapped(tmp_path, draft.profile)
    read = pl.concat(list(read_role(source, draft.profile, "routing", ["SETUP_TIME", "RUN_TIME"])))
    assert read["SETUP_TIME"].to_list() == steps["Rüstzeit (min)"].to_list()
    assert read["RUN_TIME"].to_list() == [pytest.approx(60 * (n % 3) + n % 60) for n in range(steps.height)]
    sizes = pl.concat(list(read_role(source, draft.profile, "features", ["Durchmesser [mm]"])))
    assert sizes["Durchmesser [mm]"].to_list() == items["Durchmesser [mm]"].to_list()


def test_what_all_rows_of_an_item_say_alike_describes_it(tmp_path: Path) -> None:
    draw = random.Random(4)
    rows = []
    for case in range(200):
        part = case % 40
        start = 1_700_000_000 + case * 90_000
        for step in sorted(draw.sample(range(5), 3)):
            minutes = draw.randint(5, 90)
            times = [pl.select(pl.from_epoch(pl.lit(at))).item() for at in (start, start + 60 * minutes)]
            rows.append(
                (
                    f"WO{case}",
                    f"PN-{part:03d}",
                    "Al" if part % 3 else "St",
                    5 + part % 7,
                    f"Op {step}",
                    f"R{step}",
                    *times,
                    draw.choice("ab"),
                )
            )
            start += 60 * (minutes + 10)
    log = pl.DataFrame(
        rows,
        orient="row",
        schema=["case_id", "part_number", "alloy", "bore_mm", "activity", "resource", "start", "end", "worker"],
    )
    log.write_parquet(tmp_path / "log.parquet")
    draft = suggest_profile(open_source(tmp_path), "p")
    assert draft.found.sure, draft.found.questions
    assert sorted(draft.profile.plant.feature_by_name) == ["alloy", "bore_mm"]
    source = open_mapped(tmp_path, draft.profile)
    read = pl.concat(list(read_role(source, draft.profile, "features")))
    assert read.height == 40


def test_more_columns_than_a_plant_can_have_features_are_left_out(tmp_path: Path) -> None:
    items, steps = plant(
        ("no", "family", "bore_mm", "step", "operation", "machine", "time"), ["a", "b", "c", "d", "e", "f"]
    )
    draw = random.Random(1)
    many = [pl.Series(f"x{number}", [draw.random() for _ in range(items.height)]) for number in range(300)]
    items.with_columns(many).write_parquet(tmp_path / "items.parquet")
    steps.write_parquet(tmp_path / "steps.parquet")
    draft = suggest_profile(open_source(tmp_path), "p")
    assert len(draft.profile.plant.features) <= 200
    assert list(draft.profile.violations()) == []
    assert draft.found.items is not None
    assert sum(one.reason == "too_many" for one in draft.found.items.left_out) > 100


def test_times_that_a_table_of_resources_holds_are_added_up(tmp_path: Path) -> None:
    columns = ("SEGMENT1", "ITEM_TYPE", "UNIT_WEIGHT", "SEQ_NUM", "OPERATION", "DEPARTMENT", "x")
    items, steps = plant(columns, ["a", "b", "c", "d", "e", "f"])
    steps = steps.drop("x").with_row_index("OPERATION_SEQUENCE_ID", 90_001)
    rows = [
        (operation, 10 * place, f"R{place}", (operation % 7 + place) / 10, "HR" if place == 1 else "MIN")
        for operation in steps["OPERATION_SEQUENCE_ID"].to_list()
        for place in (1, 2)
    ]
    names = ["OPERATION_SEQUENCE_ID", "RESOURCE_SEQ_NUM", "RESOURCE_ID", "USAGE_RATE_OR_AMOUNT", "RESOURCE_UOM"]
    resources = pl.DataFrame(rows, orient="row", schema=names)
    tables = {"MTL_SYSTEM_ITEMS": items, "BOM_OPERATION_SEQUENCES": steps, "BOM_OPERATION_RESOURCES": resources}
    for name, frame in tables.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    draft = suggest_profile(open_source(tmp_path), "p")
    assert draft.found.operations.table.name == "BOM_OPERATION_SEQUENCES"
    assert draft.found.sure, draft.found.questions
    source = open_mapped(tmp_path, draft.profile)
    read = pl.concat(list(read_role(source, draft.profile, "routing", ["ITEM_CD", "PROC_SEQ", "RUN_TIME"])))
    right = steps.select(
        ITEM_CD="SEGMENT1",
        PROC_SEQ="SEQ_NUM",
        RUN_TIME=60 * (pl.col("OPERATION_SEQUENCE_ID") % 7 + 1) / 10 + (pl.col("OPERATION_SEQUENCE_ID") % 7 + 2) / 10,
    )
    both = read.sort("ITEM_CD", "PROC_SEQ"), right.sort("ITEM_CD", "PROC_SEQ")
    assert both[0]["RUN_TIME"].to_list() == [pytest.approx(value) for value in both[1]["RUN_TIME"]]


def test_a_column_of_units_of_time_is_known_by_its_values_and_one_word(tmp_path: Path) -> None:
    names = ("cod", "familia", "diametro", "orden", "fase", "maquina", "t_maq")
    items, steps = plant(names, ["Corte", "Torneado", "Fresado", "Rectificado", "Temple", "Control"])
    found = suggest({"articulos": items, "ruta": steps.with_columns(pl.lit("H").alias("ud_tiempo"))})
    [time] = found.operations.times
    assert time.unit_column is not None
    assert (time.role, time.unit_column.name) == ("run", "ud_tiempo")


def test_a_table_of_items_alone_has_no_operations() -> None:
    items = pl.DataFrame(
        {
            "item_no": [f"P{number}" for number in range(120)],
            "description": [f"Part {number % 7} x {number}" for number in range(120)],
            "family": [("shaft", "plate", "bush")[number % 3] for number in range(120)],
            "material": [("C45", "S235")[number // 7 % 2] for number in range(120)],
            "length": [number % 17 + 10 for number in range(120)],
        }
    )
    with pytest.raises(NothingFound, match="items"):
        suggest({"items": items})
