"""The line of `why` that says which value a case is worth, under the readings of point values."""

from __future__ import annotations

from decimal import Decimal

from jobs.why import value_line
from lake.case_value import CaseValue, ValueOf
from settlement.policy import PointValueKind

SUMS = (60000, 30000, 40000, Decimal("300.0000"))


def test_a_value_that_is_shared_out_shows_what_it_is_made_of() -> None:
    lines = {kind: value_line(CaseValue(kind, *SUMS, Decimal("2.33")), PointValueKind.FLOATING) for kind in ValueOf}
    made = "=（600.00 − 300.00 + 400.00）÷ 300 = 2.33 元/点"
    assert lines[ValueOf.POOL] == f"  点值 V {made}"
    assert lines[ValueOf.COMMON] == f"  点值 V（各险种同一点值） {made}"
    assert lines[ValueOf.OWN] == f"  点值 V（异地病例单独点值） {made}"


def test_a_value_that_is_set_does_not() -> None:
    point = CaseValue(ValueOf.POOL, *SUMS, Decimal("2"), is_set=True)
    assert value_line(point, PointValueKind.FIXED) == "  点值 V = 2 元/点（固定费率，policy/001 article 17）"
    assert "弹性费率，增量部分达到上限" in value_line(point, PointValueKind.ELASTIC)
