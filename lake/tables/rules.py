"""Results of the rules beside points and clearing: prepayment, bulletin, incentives, monitoring, negotiation."""

from __future__ import annotations

from pyspark.sql.types import IntegerType, StringType, StructType

from lake.tables.base import Table, column
from settlement import bulletin, payment_plan, prepay_frames, rule_frames

_RUN = column("run_id", StringType(), "calculation that wrote the row")


def _table(name: str, grain: str, keys: tuple[str, ...], schema: StructType, period: str = "year") -> Table:
    return Table(name, grain, keys, StructType([*schema.fields, _RUN]), ("area", period))


PREPAY_TESTS = _table(
    "prepay_tests",
    "whether a fund may pay in advance for a year (policy/002 article 24)",
    ("area", "insutype", "year"),
    prepay_frames.PREPAY_TESTS,
)
PREPAYMENTS = _table(
    "prepayments",
    "an application for prepayment and what became of it",
    ("fixmedins_code", "insutype", "year"),
    prepay_frames.PREPAYMENTS,
)
PREPAY_RECOVERIES = _table(
    "prepay_recoveries",
    "what is set against a month's payment, of money paid in advance",
    ("fixmedins_code", "insutype", "month"),
    prepay_frames.RECOVERIES,
)
PREPAY_PUBLICATION = _table(
    "prepay_publication",
    "a hospital in the year-end publication of prepayments (年底公布)",
    ("fixmedins_code", "insutype", "year"),
    prepay_frames.PUBLICATION,
)
REVIEW_BULLETIN = _table(
    "review_bulletin",
    "a hospital's half-year of special-case review (特例单议半年通报)",
    ("fixmedins_code", "period"),
    bulletin.REVIEW_BULLETIN,
    "period",
)
PAYMENT_PLAN = _table(
    "payment_plan",
    "what is paid to a hospital for a month, and by when (基金支付计划, policy/002 article 30.2)",
    ("fixmedins_code", "insutype", "month"),
    payment_plan.PAYMENT_PLAN,
    "month",
)
_YEAR = column("year", IntegerType(), "clearing year")
HOSPITAL_INDICES = _table(
    "hospital_indices",
    "a hospital's monitoring figures of a year (监测指标, policy/001 article 35)",
    ("fixmedins_code", "year"),
    StructType([*rule_frames.HOSPITAL_INDICES.fields, _YEAR]),
)
DRUG_COMPENSATION = _table(
    "drug_compensation",
    "a case with listed negotiated drugs and what is paid for them (谈判药品, policy/002 article 37)",
    ("setl_id", "year"),
    StructType([*rule_frames.DRUG_COMPENSATION.fields, _YEAR]),
)
ADD_ON_FINDINGS = _table(
    "add_on_findings",
    "what is wrong with add-ons that were applied for (医疗机构调节系数, policy/002 article 18(二))",
    ("fixmedins_code", "drg", "ground", "rule", "year"),
    StructType([*rule_frames.ADD_ON_FINDINGS.fields, _YEAR]),
)
BUDGET_PROPOSALS = _table(
    "budget_proposals",
    "the by-disease budget of an area and insurance by the area's method (总额预算, policy/001 article 13)",
    ("area", "insutype", "year"),
    rule_frames.BUDGET_RESULTS,
)
BASE_GROUP_FINDINGS = _table(
    "base_group_findings",
    "a group that history speaks for as a base group, or that is listed as one (基础病组遴选, policy/002 article 13)",
    ("area", "drg", "year"),
    StructType([*rule_frames.BASE_GROUP_FINDINGS.fields, _YEAR]),
)
ASSESSMENT_PROPOSALS = _table(
    "assessment_proposals",
    "the assessment coefficient that a hospital's figures of two years speak for (考核系数, policy/002 article 33)",
    ("fixmedins_code", "year"),
    StructType([*rule_frames.ASSESSMENT_PROPOSALS.fields, _YEAR]),
)
PAYMENT_WEIGHTS = _table(
    "payment_weights",
    "a group's payment weight, negotiated with the total kept (总权重不变, policy/001 article 16)",
    ("area", "drg", "year"),
    StructType([*rule_frames.PAYMENT_WEIGHTS.fields, _YEAR]),
)
GROWTH_INCENTIVES = _table(
    "growth_incentives",
    "growth of a hospital's pooled fund against its benchmark (policy/002 article 36)",
    ("fixmedins_code", "insutype", "year"),
    StructType([*rule_frames.GROWTH_RESULTS.fields, _YEAR]),
)
CASE_SHARING = _table(
    "case_sharing",
    "what an ordinary case gives to the pool of its area and insurance, or gets (policy/002 article 35)",
    ("setl_id", "year"),
    StructType([*rule_frames.CASE_SHARES.fields, _YEAR]),
)
