"""Units of numbers: what they measure, and the factor to the internal one: mm, grams, minutes, mm² and mm³, pieces.

Words that people and ERP systems write are in one table; what it does not have is asked of `pint`, which knows SI and its prefixes.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

SIZE, MASS, TIME, AREA, VOLUME, COUNT = "size", "mass", "time", "area", "volume", "count"
INTERNAL: Final = {SIZE: "MM", MASS: "G", TIME: "MIN", AREA: "MM2", VOLUME: "MM3", COUNT: "PCS"}
"""What is measured -> unit that numbers are in once an input profile has converted them."""


@dataclass(frozen=True)
class Unit:
    """A unit: its name, what it measures (size, mass, time, area, volume or count), and how many of the internal one it is."""

    name: str
    measures: str
    factor: float


MM_PER_INCH: Final = 25.4
_FOOT: Final = 12 * MM_PER_INCH
_UNITS: Final = (
    (
        Unit("MM", SIZE, 1.0),
        "mm millimeter millimetre millimeters millimetres milímetros millimètres мм миллиметр 毫米 밀리미터 밀리 ミリ",
    ),
    (
        Unit("CM", SIZE, 10.0),
        "cm centimeter centimetre centimeters centimetres zentimeter см сантиметр 厘米 센티미터 센티",
    ),
    (Unit("DM", SIZE, 100.0), "dm decimeter dezimeter"),
    (Unit("M", SIZE, 1000.0), "m meter metre meters metres mtr metro metros mètre mètres м метр 米 미터"),
    (Unit("UM", SIZE, 0.001), "um µm μm micron microns mikrometer micrometer 마이크로미터"),
    (
        Unit("INCH", SIZE, MM_PER_INCH),
        "inch in inc inches zoll \" '' ″ ” “ ＂ 인치 インチ pulgada pulgadas pouce pouces pollice pollici",
    ),
    (Unit("FT", SIZE, _FOOT), "ft foot feet fuß fuss ' ′ 피트"),
    (Unit("G", MASS, 1.0), "g gr gram grams gramm г грамм 克 그램"),
    (
        Unit("KG", MASS, 1000.0),
        "kg kgs kilo kilogram kilograms kilogramm kilogramo kilogramos кг килограмм 千克 公斤 킬로그램 킬로",
    ),
    (Unit("MG", MASS, 0.001), "mg milligram milligrams milligramm 밀리그램"),
    (Unit("T", MASS, 1e6), "t to ton tons tonne tonnes tonnen 톤"),
    (Unit("LB", MASS, 453.59237), "lb lbs pound pounds pfund_us 파운드"),
    (Unit("OZ", MASS, 28.349523125), "oz ounce ounces unze unzen 온스"),
    (
        Unit("SEC", TIME, 1 / 60),
        "s sec secs second seconds sek sekunde sekunden 초 秒 segundo segundos seconde secondes secondi "
        "с сек секунда sn saniye másodperc sekund sekunda sekundy",
    ),
    (
        Unit("MIN", TIME, 1.0),
        "min mins minute minutes minuten mn mnt 분 分 分钟 minuto minutos minuti "
        "мин минута минут dk dakika perc minut minuta minuty minuter",
    ),
    (
        Unit("H", TIME, 60.0),
        "h hr hrs hour hours hur std stunde stunden 시간 시 時間 小时 hora horas heure heures ora ore "
        "ч час часы часов sa saat óra uur uren godz godzina godziny hod hodina hodiny timme timmar",
    ),
    (
        Unit("DAY", TIME, 1440.0),
        "d day days tag tage 일 日 天 día días dia dias jour jours giorno giorni день дней gün nap dag dagen dzień dni den dny",
    ),
    (Unit("WEEK", TIME, 10080.0), "wk week weeks woche wochen 주"),
    (Unit("MSEC", TIME, 1 / 60_000), "ms msec millisecond milliseconds millisekunden"),
    (Unit("HMIN", TIME, 0.6), "hmin im industrieminute industrieminuten cmin"),
    (Unit("MM2", AREA, 1.0), "mm2 mm² qmm"),
    (Unit("CM2", AREA, 100.0), "cm2 cm² qcm"),
    (Unit("M2", AREA, 1e6), "m2 m² qm sqm 평방미터 제곱미터"),
    (Unit("IN2", AREA, MM_PER_INCH**2), "in2 in² sqin"),
    (Unit("FT2", AREA, _FOOT**2), "ft2 ft² sqft"),
    (Unit("MM3", VOLUME, 1.0), "mm3 mm³"),
    (Unit("CM3", VOLUME, 1000.0), "cm3 cm³ ccm cc ml"),
    (Unit("L", VOLUME, 1e6), "l ltr liter litre liters litres 리터"),
    (Unit("M3", VOLUME, 1e9), "m3 m³ cbm 세제곱미터"),
    (
        Unit("PCS", COUNT, 1.0),
        "pcs pc pce piece pieces ea each st stk stck stück unit units nos u ud uds unidad unidades pieza piezas pza pzas "
        "шт штука adet db szt sztuka ks kus "
        "pezzo pezzi pièce pièces 개 대 본 매 個",
    ),
    (Unit("PAIR", COUNT, 2.0), "pair pairs paar pr 켤레 쌍"),
    (Unit("DOZEN", COUNT, 12.0), "dozen dz dutzend 다스"),
    (Unit("C", COUNT, 100.0), "100pcs 100st hundred"),
    (Unit("K", COUNT, 1000.0), "1000pcs 1000st thousand tsd"),
)
UNITS: Final[dict[str, Unit]] = {spelling: unit for unit, words in _UNITS for spelling in words.split()}
"""Spelling in lower case -> unit."""
NAMES: Final = tuple(unit.name for unit, _ in _UNITS)
_OF_PINT: Final = {
    "[length]": (SIZE, "mm"),
    "[mass]": (MASS, "g"),
    "[time]": (TIME, "min"),
    "[length] ** 2": (AREA, "mm**2"),
    "[length] ** 3": (VOLUME, "mm**3"),
}
_PER: Final = re.compile(
    r"^(?P<over>[^/]+?)\s*(?:/|\bper\b|\bpro\b|\bje\b|／)\s*(?P<number>\d+(?:[.,]\d+)?)?\s*(?P<under>[^/\d]*)$"
)
_LONGEST: Final = 40


@lru_cache(maxsize=10_000)
def find_unit(text: str) -> Unit | None:
    """The unit that a text names, ignoring case, blanks, brackets and a closing point; None when unknown.

    A unit per piece (MIN/EA, Std/100 Stück, 분/개) is the unit for one piece.
    """
    plain = unicodedata.normalize("NFC", text).strip().strip("[]()").strip().rstrip(".").casefold()
    plain = "".join(plain.split())
    if not plain or len(plain) > _LONGEST:
        return None
    known = UNITS.get(plain)
    if known is not None:
        return known
    parts = _PER.match(unicodedata.normalize("NFC", text).strip().casefold())
    if parts is not None:
        return _per_piece(parts["over"], parts["number"], parts["under"])
    return _asked_of_pint(text.strip())


def _per_piece(over: str, number: str | None, under: str) -> Unit | None:
    unit, pieces = find_unit(over), find_unit(under) if under.strip() else Unit("", COUNT, 1.0)
    if unit is None or pieces is None or pieces.measures != COUNT or not (number or under.strip()):
        return None
    count = float((number or "1").replace(",", ".")) * pieces.factor
    return Unit(f"{unit.name}/{count:g}", unit.measures, unit.factor / count) if count else None


def time_unit(text: str) -> Unit | None:
    """The unit of time that a text names; None when it names none."""
    unit = find_unit(text)
    return unit if unit is not None and unit.measures == TIME else None


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint  # takes a third of a second, and most plants write units that the table has

    return pint.UnitRegistry()


def _asked_of_pint(text: str) -> Unit | None:
    """A unit as `pint` knows it, in the case that it is written in, else in lower case."""
    if not re.fullmatch(r"[A-Za-zµμ°²³*^/ _]{1,40}[23]?", text):
        return None
    registry = _registry()
    for spelled in dict.fromkeys((text, text.lower())):
        with contextlib.suppress(
            Exception
        ):  # pint raises errors of its own, of its tokenizer and of arithmetic for what is no unit
            quantity = registry.Quantity(1.0, spelled)
            found = _OF_PINT.get(str(quantity.dimensionality))
            if found is not None:
                return Unit(text.upper(), found[0], float(quantity.to(found[1]).magnitude))
    return None
