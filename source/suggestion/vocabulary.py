"""Words by which people and ERP systems call columns and tables, in the languages of many plants, and how well a name fits."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Final

from plant.units import UNITS, Unit

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)")
_SPLIT: Final = re.compile(r"[\W_]+")
_BRACKETS: Final = re.compile(r"[\[({（［]([^\])}）］]*)[\])}）］]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: Final[dict[str, frozenset[str]]] = {
    "item": _words("""
        item items product products material materials part parts article artikel teil teile sku goods matnr 품목
        자재 제품 품번 부품
        artículo articulo articulos pieza piezas producto article pièce pieces produit articolo pezzo prodotto peça 品目
        部品 製品 物料 产品 零件
        artigo artikel artikels ürün stok parça detal wyrób indeks díl součást výrobek деталь изделие номенклатура cikk
        alkatrész termék
    """),
    "key": _words("""
        id no nr nummer number num code cd key nummber no. kennung 코드 번호 넘버
        código codigo clave código clé chiave 番号 コード 编号 编码 号
        kod kodu kód número numero číslo numer код номер артикул обозначение szám cikkszám numara
    """),
    "item_key": _words("""
        matnr itemcd itemcode itemno itemid productid productcode productno partno partnumber partid materialno
        materialid articleno artikelnr artikelnummer teilenr teilenummer materialnummer matnum sku mtrl 품번 품목코드
        품목번호 자재코드 자재번호 제품코드 productionitem producttmpl producttmplid
        品番 品目コード 部品番号 品目番号 図番品番 製品番号 物料编码
        物料编号 产品编码 零件号 料号 codigoarticulo codarticulo codearticle codicearticolo
        itemid inventoryitemid
        stokkodu parçano ürünkodu nrindeksu kodwyrobu čísloartiklu artikelnr artikelnummer кодизделия номердетали
        кодноменклатуры cikkszám codproduto codpeca
    """),
    "sequence": _words("""
        sequence seq step steps position pos posnr vornr idx index order lineno opno afo opseq procseq operationseq
        operationno operationnumber agnr vorgangsnr vorgangsnummer vorgangnr reihenfolge folge lfdnr 순서 공정순서 순번
        차수 공순 작업순서
        secuencia fase paso étape etape phase séquence sequenza
        fase oprnum opseqnum operationseqnum 工順 工程順 順序 順番 工程番号
        工序号 序号 顺序 工序顺序
        orden ordem sequência kolejność numeroperacji pořadí číslooperace порядок номероперации sıra sırano operasyonno
        volgorde volgnr volgnummer sorrend operationsnr
    """),
    "operation": _words("""
        operation operations op oper tano activity task job process proc procedure step schritt instruction arbeitsanweisung
        vorgang arbeitsgang
        arbeitsvorgang ag ltxa1 steus ktsch tätigkeit verfahren prozess 공정 작업 공정명 공정코드 작업명 작업코드 공정내역
        operación operacion operaciones opération operazione lavorazione actividad tarea proceso oprid 工程 工程名 作業 作業名
        加工工程 工序 工序名称 作业 工艺
        operação operacao processo operacja czynność operace úkon операция işlem operasyon bewerking művelet moment
        arbetsmoment
    """),
    "machine": _words("""
        machine machines mcno cwoc workcenter workcentre workstation work center centre station resource res equipment
        arbeitsplatz maschine anlage arbpl arbid kapazität kostenstelle location cell tool line 설비 기계 작업장 설비코드 장비
        호기 라인
        máquina maquina puesto recurso poste ressource macchina centro wrkctr wrkctrid
        wrkcenter 設備 機械 装置 作業区 ライン 设备 机床 工作中心 机器
        maszyna stanowisko gniazdo stroj pracoviště станок оборудование участок tezgah tezgâh makine makina işmerkezi
        istasyon werkplek bewerkingsmachine gép munkahely maskin centro centrodetrabalho
    """),
    "name": _words("""
        name names description desc descr dsca bezeichnung benennung kurzbezeichnung text kurztext title label maktx
        txt dis nm 명 명칭 이름 품명 내역 설명 품목명 자재명 제품명 자재내역
        nombre descripción descripcion désignation designation nom libellé nome descrizione 品名 名称 名 品目名
        descrição descricao nome nazwa opis název popis naziv наименование название описание ad adı isim tanım açıklama
        omschrijving naam megnevezés leírás benämning benaming
    """),
    "specification": _words("""
        spec specification standard norm din size dimension dimensions abmaße abmaß maße groes 규격 사양 치수 재질규격
        medida medidas dimensión 規格 寸法 规格 尺寸
        especificação wymiar wymiary rozměr rozměry размер размеры ölçü boyut afmeting afmetingen méret mått
    """),
    "drawing": _words("""
        drawing draw drw zeichnung zeichnungsnummer zeichnungsnr zeinr blueprint dwg 도면 도번 도면번호
        plano dessin disegno 図面 図番 图号 图纸
        desenho rysunek výkres чертеж чертёж çizim teknikresim resimno tekening rajz ritning
    """),
    "revision": _words("revision rev version änderungsstand index zeivr 개정 리비전 차수"),
    "material": _words("""
        material werkstoff wrkst stoff matl raw rohmaterial color colour farbe 재질 원자재 소재 재료
        matière materiale 材質 材料 素材 材质
        materiał surowiec gatunek materiál jakost материал сталь malzeme hammadde materiaal anyag matéria
    """),
    "group": _words("""
        group grp category class citg family type kind line subcategory model style gruppe warengruppe kategorie
        klasse typ art matkl mtart prdha spart 그룹 분류 대분류 중분류 소분류 유형 종류 품목군 계정 구분
        familia famille famiglia grupo groupe gruppo categoría tipo 分類 区分 種類 类别 分类 类型
        rodzina grupa rodzaj skupina druh группа семейство вид тип grup aile tür cins groep soort csoport típus familj grupp
    """),
    "time": _words("""
        time times sutm rutm hours hour hrs hr minutes minute min mins seconds sec duration dauer zeit zeiten stunden
        minuten std vgw zeitwert cycle lt leadtime 시간 공수 소요시간 작업시간 분 초 표준시간
        tiempo tiempos temps durée tempo 時間 工数 时间 工时 usage
        czas čas время süre süresi zaman dakika saat tijd tijden minuten uren idő perc óra tid tider minut minuty godz
        godzina godziny hodina hodiny мин час часы ч
    """),
    "setup": _words("""
        setup set rüst rüsten rüstzeit rüstz tr tarüst sutm einrichten einricht prep preparation vgw01 준비 셋업 준비시간 셋팅 준비공수
        preparación preparacion préparation preparazione reglaje réglage attrezzaggio setuptime 段取 段取り 準備 准备 换型 调整
        preparação przygotowanie przygotowawczy tpz seřízení přípravný příprava наладка подготовка подготовительное hazırlık
        ayar instellen insteltijd omsteltijd omstellen beállítás átállás ställ ställtid tprep
    """),
    "run": _words("""
        run running te rutm process processing machining machine mach bearbeitung bearbeitungszeit stück stückzeit bearb
        cycle work worked resource actual labor labour vgw02 vgw03 가동 가공 가공시간 작업 작업시간 실적 주
        unitario unitaire ejecución lavoro processtime runtime 加工 正味 作業 加工时间
        usinagem execução mecanizado maq tmaq tejec tunit tciclo ciclo tj jednostkowy obróbka kusový tpk
        výrobní штучное машинное обработка işleme
        birim bewerkingstijd stuktijd megmunkálás darabidő stycktid
    """),
    "queue": _words("""
        queue warteschlange liegezeit wartezeit 대기 대기시간
        cola espera attente attesa coda queuetime 待ち 待機 排队 等待
        fila kolejka fronta очередь ожидание kuyruk bekleme wachtrij sorbanállás
    """),
    "wait": _words("wait idle waiting nachliege 유휴 유휴시간"),
    "move": _words("""
        move transport transfer transportzeit 이동 운반 이동시간
        traslado transporte transfert 運搬 移動 搬送 运输 移动
        movimentação przejście doprava перемещение транспорт taşıma nakliye vervoer szállítás
    """),
    "start": _words("""
        start trackin checkin clockin movein begin started beginn anfang from isdd 시작 착수 개시
        inicio début inizio 開始 着手 开始
    """),
    "end": _words("""
        end trackout checkout clockout moveout finish complete completed completion finished ende stop to iedd 종료 완료 끝
        fin fine término 終了 完了 结束 完成
    """),
    "unit": _words("""
        unit units uom unitmeasure unitmeasurecode einheit meins vge01 vge02 vge03 me 단위 mengeneinheit measure
        unidad unité unità 単位 单位
        ud uds unidade jednostka jm jednotka mj единица ед birim eenheid egység enhet
    """),
    "base_quantity": _words("""
        base lot losgröße lotsize bmsch basismenge batch basis batchsize 로트 기준수량
        lote 批量 ロット
    """),
    "quantity": _words("""
        qty quantity quantities menge stück anzahl gut ausschuss scrap good bad amount count 수량 양품 불량
        cantidad quantité quantità 数量 合格数 不良数
        cant cantidad quantidade ilość množství количество miktar adet aantal mennyiség antal
    """),
    "cost": _words("""
        cost costs price kosten preis betrag amount rate costrate listprice value wert tax 금액 단가 비용 원가 가격
        coste costo coût prix precio prezzo 単価 金額 原価 价格 成本
        custo preço cena koszt cena cenová цена стоимость fiyat maliyet prijs kosten ár költség pris
    """),
    "audit": _words("""
        modified modify modifieddate created changed updated update writer author insrt modi createddate rowguid
        guid geändert angelegt erstellt benutzer user owner docstatus write create timestamp ersda ernam laeda
        aenam erdat aedat ernam uid 등록일 수정일 등록자 수정자 작성자 최종수정
        creado modificado creación modificación créé modifié recid modifieddatetime createddatetime 登録日 更新日 作成日 登録者
        更新者 担当者 创建日期 修改日期 创建人 修改人 sachbearbeiter anlagedatum änderungsdatum
        criado alterado utworzono zmieniono autor vytvořil změnil создан изменен изменён автор oluşturan değiştiren gemaakt
        gewijzigd létrehozta módosította skapad ändrad
    """),
    "routing_number": _words("""
        routing rout routno routingno alternative alternate variant plan plnal plnnr plankopf version bom order
        workorder workorderid orderid ordernumber case caseid auftrag auftragsnr fertigungsauftrag aufnr lot
        lotid 라우팅 라우팅번호 작업지시 작업지시번호 지시번호 오더
    """),
    "size": _words("""
        size sizes diameter length width height thickness depth dia od id dimension dimensions durchmesser
        länge laenge breite
        höhe hoehe dicke abmessung maß mass 외경 내경 직경 길이 폭 두께 높이 치수 크기 사이즈
        diamètre longueur largeur épaisseur hauteur diámetro diametro longitud ancho espesor lunghezza larghezza altezza
        外径 内径 直径 長さ 幅 厚さ 高さ 寸法 长度 宽度 厚度 尺寸
        diâmetro comprimento largura altura espessura średnica długość szerokość wysokość grubość průměr délka šířka výška
        tloušťka диаметр длина ширина высота толщина çap boy uzunluk genişlik yükseklik kalınlık lengte breedte hoogte dikte
        átmérő hossz szélesség magasság vastagság bredd längd höjd tjocklek
    """),
    "valid_from": _words("validfrom gültigab datuv datab 유효시작 적용일"),
    "valid_to": _words("validto gültigbis datub bis 유효종료 만료일"),
    "component": _words("component komponente child idnrk 자품목 하위품목"),
    "results": _words("""
        result results actual actuals confirmation rückmeldung ist report reported wo afru 실적 실제 보고
        reales réel 実績 实绩
    """),
    "routing_table": _words("""
        routing routings operation operations arbeitsplan arbeitspläne vorgänge vorgang plan plpo afvc process
        steps eventlog log events 공정 라우팅 공정표 작업표준
        operaciones ruta rutas gamme gammes cicli 工程表 工順表 手順 工艺路线 工序表
        rotas roteiro hojaderuta technologia marszruta postup technologický маршрут техпроцесс операции rota operasyonlar
        routeringen bewerkingen műveletek
    """),
    "subcontracting": _words("""
        subcontract subcontracting outside extern fremd fremdbearbeitung bp vendor supplier inside 외주 외주처 내외작
    """),
}  # fmt: skip
"""Meaning -> the words that say it, in lower case."""

_OF_COLUMNS: Final = frozenset({"H", "MIN", "SEC", "DAY", "MM", "CM", "M", "INCH", "KG", "G"})
"""Units that names of columns state; others are too rare, or mean something else there."""
_OTHER_WORDS: Final = _words("""
    in inc hur im mn mnt meter metre meters metres mtr metro metros mètre mètres метр gr kilo ora óra sa sn с г 시 日 일 天 米 克
    den dni dny dag dagen dzień nap gün день дней
""")
"""Spellings of those units that are words of their own in names of columns."""
_UNITS: Final[dict[str, Unit]] = {
    spelling: unit for spelling, unit in UNITS.items() if unit.name in _OF_COLUMNS and spelling not in _OTHER_WORDS
}
"""Word in a column's name -> unit of its numbers."""
_ALONE: Final = frozenset({"hours", "minutes", "seconds", "stunden", "minuten"})
"""Units that are a column's whole name."""


_KEY_ENDINGS: Final = ("id", "nr", "no", "code", "cd", "nummer", "number", "번호", "코드")


@lru_cache(maxsize=20_000)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: split at case, digits, blanks and signs; accents composed."""
    text = unicodedata.normalize("NFC", name)
    parts = _SPLIT.split(_CAMEL.sub(" ", text).lower())
    return tuple(part for part in parts if part)


@lru_cache(maxsize=20_000)
def squeezed(name: str) -> str:
    """A name without case, blanks and signs, as `productid` for `Product_ID`."""
    return "".join(words_of(name))


@lru_cache(maxsize=100_000)
def fit(name: str, meaning: str) -> float:
    """How well a name fits a meaning: 1 the whole name is a word for it,
    0.7 one of its words is, 0.5 a part of a word is, 0 not at all."""
    known = WORDS[meaning]
    words = words_of(name)
    whole = "".join(words)
    if whole in known or unicodedata.normalize("NFC", name).casefold() in known:
        return 1.0
    pairs = {left + right for left, right in pairwise(words)}
    if pairs & known:
        return 0.9
    if known.intersection(words):
        return 0.7
    if meaning == "key" and whole.endswith(_KEY_ENDINGS):
        return 0.6
    if any(word in whole for word in known if len(word) >= (2 if _is_dense(word) else 5)):
        return 0.5
    return 0.0


def _is_dense(word: str) -> bool:
    """Whether a word is of a script that writes a word in one to three letters: Korean, Chinese, Japanese."""
    return any("가" <= letter <= "힣" or "\u3040" <= letter <= "\u9fff" for letter in word)


def unit_in(name: str) -> str | None:
    """Name of the unit that a column states, in brackets or as its last word: `Dauer[min]`, `ActualResourceHrs`, `Weight_KG`."""
    unit = _stated(name)
    return unit.name if unit else None


def measured_in(name: str) -> str | None:
    """What is measured in the unit that a column's name states: time, size or mass."""
    unit = _stated(name)
    return unit.measures if unit else None


def _stated(name: str) -> Unit | None:
    bracketed = _BRACKETS.findall(name)
    for text in reversed(bracketed):
        inside = words_of(text)
        unit = _UNITS.get(text.strip().casefold()) or (_UNITS.get(inside[-1]) if len(inside) > 1 else None)
        if unit:
            return unit
    words = words_of(_BRACKETS.sub(" ", name))
    if len(words) > 1:
        return _UNITS.get(words[-1]) if len(words[-1]) > 1 or not bracketed else None
    return _UNITS.get(words[0]) if words and words[0] in _ALONE else None
