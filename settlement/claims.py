"""Write-off (核销) as columns: what the annual clearing does not pay of a hospital's claim (policy/002 article 40).

The reading of the article is that of settlement/reference/claims.py.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F


def write_off(claim: Column, refused: Column, received: Column) -> Column:
    """What is written off; fen. `received`: the months' payments and the final amount."""
    return F.greatest(claim - refused - received, F.lit(0).cast("bigint"))
