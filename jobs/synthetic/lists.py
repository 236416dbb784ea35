"""One file of settlement lists: drawn cases as an Arrow table with the landing columns, and what the registry needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.synthetic import texts
from jobs.synthetic.codes import CaseCodes, draw_codes
from jobs.synthetic.faults import Fault, Faults, draw_faults, put, swap
from jobs.synthetic.money import CaseMoney, draw_money
from jobs.synthetic.population import LOCAL, Population, draw_population, hospitals_of, residences_of
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.stay import CaseStay, draw_stay
from jobs.synthetic.tables import Ints, SchemeTables, seeded

WESTERN = "1"  # diag_type 西医诊断
_FLAGS = ("0", "1")
Number = TypeVar("Number", np.int32, np.int64)


@dataclass(frozen=True)
class Slice:
    """One file: `count` cases of an area and settlement month, numbered from `first` on."""

    area: str
    month: str
    part: int
    first: int
    count: int


@dataclass(frozen=True)
class Drawn:
    """The cases of a slice before they become text."""

    people: Population
    codes: CaseCodes
    money: CaseMoney
    stay: CaseStay
    faults: Faults
    local: NDArray[np.bool_]
    recognition: NDArray[np.bool_]
    new_tech: NDArray[np.bool_]


def draw(tables: SchemeTables, settings: ProvinceSettings, seed: int, piece: Slice, first_year: int) -> Drawn:
    """The cases of a slice. They depend on seed, area, month and part alone, not on who draws them or when."""
    generator = seeded(seed, "cases", piece.area, piece.month, piece.part)
    people = draw_population(generator, tables, settings, piece.area, piece.count)
    codes = draw_codes(generator, tables, settings, people)
    scopes = np.array([scope == LOCAL for _, scope in residences_of(settings, piece.area)])
    local = scopes[people.residence]
    price = next(one.price for one in settings.areas if one.code == piece.area)
    money = draw_money(
        generator,
        tables,
        settings,
        people,
        codes,
        price=price,
        years_on=int(piece.month[:4]) - first_year,
        local=local,
    )
    return Drawn(
        people=people,
        codes=codes,
        money=money,
        stay=draw_stay(generator, tables, settings, people, codes, piece.month),
        faults=draw_faults(generator, settings.faults, piece.count),
        local=local,
        recognition=generator.random(piece.count) < settings.flags.recognition_rate,
        new_tech=generator.random(piece.count) < settings.flags.new_tech_rate,
    )


def to_landing(
    drawn: Drawn, tables: SchemeTables, settings: ProvinceSettings, piece: Slice, schema: pa.Schema
) -> pa.Table:
    """The landing table of a slice: cases in order of setl_id, then the older versions of repeated lists."""
    columns = _main_columns(drawn, settings, piece)
    columns |= {
        "diseinfo": _diagnoses(drawn, tables, settings),
        "oprninfo": _procedures(drawn, tables),
        "iteminfo": _items(drawn, settings),
        "payinfo": _funds(drawn, settings),
    }
    ordered = [columns[name] for name in schema.names]
    table = pa.Table.from_arrays(ordered, schema=schema)
    older = _older_versions(table, drawn)
    return pa.concat_tables([_newer_uploads(table, drawn), older]).combine_chunks()


def _main_columns(drawn: Drawn, settings: ProvinceSettings, piece: Slice) -> dict[str, pa.Array]:
    people, stay, money, faults = drawn.people, drawn.stay, drawn.money, drawn.faults
    wrong = settings.fault_texts
    hospitals = tuple(one.code for one in hospitals_of(settings, piece.area))
    residences = tuple(code for code, _ in residences_of(settings, piece.area))
    admitted = texts.moments(stay.admitted, stay.admitted_at)
    discharged = texts.moments(stay.discharged, stay.discharged_at)
    admitted, discharged = swap(admitted, discharged, faults.at(Fault.DISCHARGE_BEFORE_ADMISSION))
    number = piece.month.replace("-", "")
    infant = people.age_days >= 0
    return {
        "setl_id": texts.numbered(f"{piece.area}{number}", piece.first, piece.count, 8),
        "fixmedins_code": put(
            texts.one_of(hospitals, people.hospital),
            faults.at(Fault.UNKNOWN_HOSPITAL),
            wrong.unknown_hospital,
        ),
        "insu_admdvs": texts.one_of(residences, people.residence),
        "insutype": texts.one_of(tuple(one.code for one in settings.insurances), people.insurance),
        "psn_no": texts.numbered(f"P{piece.area}{number[2:]}", piece.first, piece.count, 8),
        "gend": put(texts.whole(people.sex), faults.at(Fault.MISSING_SEX), None),
        "brdy": texts.days(stay.born),
        "age": texts.whole(people.age),
        "age_days": texts.whole(people.age_days, infant),
        "nwb_bir_wt": texts.whole(people.birth_weight, people.birth_weight >= 0),
        "adm_time": put(admitted, faults.at(Fault.UNREADABLE_DATE), wrong.unreadable_date),
        "dscg_time": discharged,
        "act_ipt_days": texts.whole(stay.days),
        "dscg_way": texts.one_of(tuple(settings.stay.ways), stay.way),
        "setl_time": texts.days(stay.settled),
        "upload_date": texts.days(stay.uploaded),
        "medfee_sumamt": put(texts.money(money.total), faults.at(Fault.UNREADABLE_MONEY), wrong.unreadable_money),
        "special_cost": texts.money(money.special),
        "fund_pay_sumamt": texts.money(money.fund),
        "psn_pay": texts.money(money.personal),
        "icu_hours": put(texts.money(stay.icu_hundredths), stay.icu_hundredths == 0, None),
        "recognition": texts.one_of(_FLAGS, drawn.recognition.astype(np.int32)),
        "new_tech": texts.one_of(_FLAGS, drawn.new_tech.astype(np.int32)),
    }


def _flat(matrix: NDArray[Number], present: NDArray[np.bool_]) -> tuple[Ints, NDArray[Number], Ints]:
    """Offsets, values and columns of the entries that are present, row by row."""
    offsets = np.concatenate([[0], np.cumsum(present.sum(axis=1))]).astype(np.int32)
    columns = np.broadcast_to(np.arange(matrix.shape[1], dtype=np.int32), matrix.shape)
    return offsets, matrix[present], columns[present]


def _lists(offsets: Ints, **fields: pa.Array) -> pa.Array:
    node = pa.StructArray.from_arrays(list(fields.values()), names=list(fields))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), node)


def _same(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), count)


def _diagnoses(drawn: Drawn, tables: SchemeTables, settings: ProvinceSettings) -> pa.Array:
    matrix = drawn.codes.diagnoses.copy()
    matrix[drawn.faults.at(Fault.MISSING_PRINCIPAL), 0] = -1
    matrix[drawn.faults.at(Fault.UNKNOWN_CODE), 0] = len(tables.diagnoses)
    offsets, codes, columns = _flat(matrix, matrix >= 0)
    return _lists(
        offsets,
        diag_type=_same(WESTERN, len(codes)),
        maindiag_flag=texts.one_of(_FLAGS, (columns == 0).astype(np.int32)),
        diag_code=texts.one_of((*tables.diagnoses, settings.fault_texts.unknown_code), codes),
        adm_cond_type=_same(settings.fault_texts.admission_condition, len(codes)),
    )


def _procedures(drawn: Drawn, tables: SchemeTables) -> pa.Array:
    matrix = drawn.codes.procedures
    offsets, codes, columns = _flat(matrix, matrix >= 0)
    rows = np.repeat(np.arange(len(matrix)), np.diff(offsets))
    stay = drawn.stay
    # The k-th procedure of a stay of n days: on day k of it, on the last one at the latest.
    dates = stay.admitted[rows] + np.minimum(columns, stay.days[rows] - 1)
    return _lists(
        offsets,
        main_oprn_flag=texts.one_of(_FLAGS, (columns == 0).astype(np.int32)),
        oprn_oprt_code=texts.one_of(tables.procedure_codes, codes),
        oprn_oprt_date=texts.days(dates),
    )


def _items(drawn: Drawn, settings: ProvinceSettings) -> pa.Array:
    matrix = drawn.money.items.copy()
    matrix[drawn.faults.at(Fault.ITEMS_NOT_ADDING_UP), -1] += round(settings.fault_texts.items_surplus_yuan * 100)
    offsets, amounts, columns = _flat(matrix, matrix > 0)
    return _lists(
        offsets,
        med_chrgitm_type=texts.one_of(tuple(one.code for one in settings.items), columns),
        item_sumamt=texts.money(amounts),
    )


def _funds(drawn: Drawn, settings: ProvinceSettings) -> pa.Array:
    matrix = drawn.money.fund[:, None]
    offsets, amounts, _ = _flat(matrix, matrix > 0)
    kinds = tuple(one.fund_pay_type for one in settings.insurances)
    return _lists(
        offsets,
        fund_pay_type=texts.one_of(kinds, drawn.people.insurance[drawn.money.fund > 0]),
        fund_payamt=texts.money(amounts),
    )


def _newer_uploads(table: pa.Table, drawn: Drawn) -> pa.Table:
    """Where an older version exists, the list itself was delivered again a day later."""
    again = drawn.stay.uploaded + drawn.faults.at(Fault.DUPLICATE).astype(np.int64)
    place = table.schema.get_field_index("upload_date")
    return table.set_column(place, table.schema.field(place), texts.days(again))


def _older_versions(table: pa.Table, drawn: Drawn) -> pa.Table:
    """The first deliveries of repeated lists: as the list, but with the principal diagnosis alone."""
    older = table.filter(pa.array(drawn.faults.at(Fault.DUPLICATE))).combine_chunks()
    place = table.schema.get_field_index("diseinfo")
    diagnoses = older.column(place).combine_chunks()
    principal = pc.list_slice(diagnoses, 0, 1)
    return older.set_column(place, table.schema.field(place), principal.cast(table.schema.field(place).type))
