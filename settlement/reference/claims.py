"""Write-off (核销): what the annual clearing does not pay of a hospital's claim (policy/002 article 40).

对DRG年度清算后医保不予支付的费用，…及时核销财务账目，不得作为医保欠费处理. The text names no formula. Our reading:

- The claim is what the hospital booked as due from the pooled fund: 年度实际住院发生统筹基金支出 of the cases that the
  year clears (article 34.1), and the fund of its new techniques, which the year pays beside them (article 23).
- Audit sums (审核扣款) were refused by decisions of their own before the clearing, and are a part apart.
- Received is what the months paid and the final amount, whichever sign it has: the formula of article 34(五), new
  techniques and second distribution; and what was set against the debt of the year before (OP-54), which was due for
  this year too. What books beside the clearing pay is no part of it.
- claim - refused - received is written off where it is positive. Where it is negative it is surplus that the hospital
  keeps (结余留用, article 34.1), and nothing is written off. So nothing of a claim is ever left as arrears.

Cases that the year does not clear have no claim here: ungrouped ones (OP-14), and those of other areas that are settled
through the clearing matrix.
"""

from __future__ import annotations


def write_off(claim: int, refused: int, received: int) -> int:
    """What is written off; fen. `received`: the months' payments and the final amount."""
    return max(claim - refused - received, 0)
