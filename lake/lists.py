"""From lists as delivered (all text) to lists as kept (typed), and which of several versions of a list counts.

A cell that does not parse becomes null and is written down in `unreadable`; no row is refused for a cell.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.tables.lists import LANDING, LANDING_ALSO

# Yuan with at most two decimals: anything finer, or 1e5, is no amount of money.
_MONEY = r"^[+-]?[0-9]{1,14}(\\.[0-9]{1,2})?$"

_MONEY_FIELDS = {
    "medfee_sumamt": "medfee_sumamt_fen",
    "special_cost": "special_cost_fen",
    "fund_pay_sumamt": "fund_fen",
    "psn_pay": "psn_pay_fen",
}
_CAST_FIELDS = {
    "brdy": "date",
    "age": "decimal(4,1)",
    "age_days": "int",
    "nwb_bir_wt": "decimal(8,2)",
    "adm_time": "timestamp",
    "dscg_time": "timestamp",
    "act_ipt_days": "int",
    "setl_time": "date",
    "upload_date": "date",
    "icu_hours": "decimal(8,2)",
    "recognition": "int",
    "new_tech": "int",
}
_TEXT_FIELDS = ("setl_id", "fixmedins_code", "insu_admdvs", "insutype", "psn_no", "gend", "dscg_way")


def _fen_sql(text: str) -> str:
    return f"CASE WHEN trim({text}) RLIKE '{_MONEY}' THEN CAST(CAST(trim({text}) AS DECIMAL(18,2)) * 100 AS BIGINT) END"


def fen(text: str) -> Column:
    """Money text in yuan -> integer fen; null where it is no amount."""
    return F.expr(_fen_sql(text))


def _date_sql(text: str) -> str:
    return f"try_cast(trim({text}) AS date)"


_PARSED = "_parsed_"
# Cells of nodes that are parsed: the field as delivered, its name as kept, and how.
_PARSED_CELLS: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "oprninfo": ("oprn_oprt_date", "oprn_oprt_date", _date_sql),
    "iteminfo": ("item_sumamt", "item_sumamt_fen", _fen_sql),
    "payinfo": ("fund_payamt", "fund_payamt_fen", _fen_sql),
}


def _text(name: str) -> Column:
    trimmed = F.trim(F.col(name))
    return F.when(trimmed != "", trimmed).alias(name)


def _nothing(name: str) -> Column:
    return F.lit(None).cast("string").alias(name)


def _unreadable() -> Column:
    parsed = {
        **{raw: fen(raw) for raw in _MONEY_FIELDS},
        **{raw: _cast(raw, kind) for raw, kind in _CAST_FIELDS.items()},
    }
    cells = [
        F.when(
            value.isNull() & (F.trim(F.col(raw)) != ""), F.struct(F.lit(raw).alias("field"), F.col(raw).alias("value"))
        )
        for raw, value in parsed.items()
    ]
    of_nodes = [_unreadable_cells(node) for node in _PARSED_CELLS]
    return F.concat(F.array_compact(F.array(*cells)), *of_nodes).alias("unreadable")


def _unreadable_cells(node: str) -> Column:
    """Cells of a node that did not parse; looked for only where a parsed one is null, for most lists have none."""
    raw, kept, parse = _PARSED_CELLS[node]
    cells = (
        f"transform(filter({node}, d -> trim(d.{raw}) <> '' AND {parse(f'd.{raw}')} IS NULL), "
        f"d -> struct('{node}.{raw}' AS field, d.{raw} AS value))"
    )
    return F.expr(f"CASE WHEN exists({_PARSED}{node}, d -> d.{kept} IS NULL) THEN {cells} ELSE array() END")


def _cast(raw: str, kind: str) -> Column:
    return F.expr(f"try_cast(trim({raw}) AS {kind})")


def parse_lists(landing: DataFrame) -> DataFrame:
    """Landing rows (all text) -> typed columns of `lists` but for run_id; other columns are kept as they are."""
    typed = [_text(name) for name in _TEXT_FIELDS]
    typed += [_text(name) if name in landing.columns else _nothing(name) for name in LANDING_ALSO.names]
    typed += [_cast(raw, kind).alias(raw) for raw, kind in _CAST_FIELDS.items()]
    typed += [fen(raw).alias(name) for raw, name in _MONEY_FIELDS.items()]
    kept = [F.col(name) for name in landing.columns if name not in (*LANDING.names, *LANDING_ALSO.names)]
    nodes = {
        "diseinfo": "d.diag_type AS diag_type, d.maindiag_flag AS maindiag_flag, "
        "nullif(trim(d.diag_code), '') AS diag_code, d.adm_cond_type AS adm_cond_type",
        "oprninfo": "d.main_oprn_flag AS main_oprn_flag, nullif(trim(d.oprn_oprt_code), '') AS oprn_oprt_code, "
        + _parsed_cell("oprninfo"),
        "iteminfo": f"d.med_chrgitm_type AS med_chrgitm_type, {_parsed_cell('iteminfo')}",
        "payinfo": f"d.fund_pay_type AS fund_pay_type, {_parsed_cell('payinfo')}",
    }
    parsed = {
        f"{_PARSED}{node}": F.expr(f"transform(filter({node}, d -> d IS NOT NULL), d -> struct({fields}))")
        for node, fields in nodes.items()
    }
    nested = [F.col(f"{_PARSED}{node}").alias(node) for node in nodes]
    return landing.withColumns(parsed).select(*typed, *nested, _unreadable(), *kept)


def _parsed_cell(node: str) -> str:
    raw, kept, parse = _PARSED_CELLS[node]
    return f"{parse(f'd.{raw}')} AS {kept}"


def delivered_version() -> Column:
    """Total order of the versions of a list: the later upload, then the place in the delivery."""
    return F.struct(
        F.expr("try_cast(trim(upload_date) AS date)").alias("upload_date"),
        F.element_at(F.split(F.col("_metadata.file_path"), "/"), -1).alias("file"),
        F.col("_metadata.row_index").alias("row"),
    )


def repeated_lists(landing: DataFrame) -> DataFrame:
    """setl_ids that a slice holds more than once, with the version that counts (`newest`). Input: with `version`."""
    return (
        landing.where(F.trim(F.col("setl_id")) != "")
        .groupBy("area", "month", F.trim("setl_id").alias("setl_id"))
        .agg(F.count(F.lit(1)).alias("versions"), F.max("version").alias("newest"))
        .where(F.col("versions") > 1)
        .select("area", "month", "setl_id", "newest")
    )


def mark_superseded(landing: DataFrame, repeated: DataFrame) -> DataFrame:
    """Adds `superseded`: another row of the same setl_id is newer. Both inputs: one row a list, with `version`.

    It is asked of rows as delivered, before they are parsed: so the few old versions cost no parsing of the others.
    """
    newest = repeated.select(
        F.col("area").alias("_area"), F.col("month").alias("_month"), F.col("setl_id").alias("_setl_id"), "newest"
    )
    same = (F.col("area") == F.col("_area")) & (F.col("month") == F.col("_month"))
    joined = landing.join(newest, same & (F.trim("setl_id") == F.col("_setl_id")), "left")
    older = F.col("newest").isNotNull() & ~F.col("version").eqNullSafe(F.col("newest"))
    return joined.withColumn("superseded", F.coalesce(older, F.lit(False))).drop(
        "_area", "_month", "_setl_id", "newest"
    )


def narrow_cases(lists: DataFrame, also: tuple[str, ...] = ()) -> DataFrame:
    """Lists -> the columns of `cases` with codes still as text: `principal`, `others`, `procedures`.

    Western diagnoses only (diag_type 1 or missing); the principal procedure first; a list without setl_id is no case.
    """
    western = "filter(diseinfo, d -> coalesce(d.diag_type, '1') = '1' AND d.diag_code IS NOT NULL)"
    main = "coalesce(d.maindiag_flag, '0') = '1'"
    mains = f"transform(filter({western}, d -> {main}), d -> d.diag_code)"
    codes = "filter(coalesce(oprninfo, array()), o -> o.oprn_oprt_code IS NOT NULL)"
    first = "coalesce(o.main_oprn_flag, '0') = '1'"
    return lists.where(F.col("setl_id").isNotNull()).select(
        "setl_id",
        "fixmedins_code",
        "insu_admdvs",
        "insutype",
        F.col("setl_time").alias("setl_date"),
        F.to_date("dscg_time").alias("dscg_date"),
        "upload_date",
        F.expr("try_cast(gend AS int)").alias("sex"),
        "age",
        "age_days",
        F.col("nwb_bir_wt").alias("birth_weight"),
        F.col("act_ipt_days").alias("los"),
        F.expr("try_cast(dscg_way AS int)").alias("discharge_way"),
        "icu_hours",
        F.expr(f"get({mains}, 0)").alias("principal"),
        F.expr(
            f"concat(slice({mains}, 2, 1000), transform(filter({western}, d -> NOT ({main})), d -> d.diag_code))"
        ).alias("others"),
        F.expr(
            f"concat(transform(filter({codes}, o -> {first}), o -> o.oprn_oprt_code), "
            f"transform(filter({codes}, o -> NOT ({first})), o -> o.oprn_oprt_code))"
        ).alias("procedures"),
        F.coalesce("medfee_sumamt_fen", F.lit(0)).alias("cost_fen"),
        F.coalesce("special_cost_fen", F.lit(0)).alias("special_cost_fen"),
        F.coalesce("fund_fen", F.lit(0)).alias("fund_fen"),
        F.coalesce("recognition", F.lit(0)).alias("recognition"),
        F.coalesce("new_tech", F.lit(0)).alias("new_tech"),
        "run_id",
        "area",
        "month",
        *also,
    )
