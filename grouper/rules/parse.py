"""From the written rule to its meaning: tokens, then recursive descent with a bounded depth.

Grammar (rule language of the national DRG 3.0 workbook)::

    rule    := '' | NUMBER | or
    or      := and {or and}
    and     := unary {and unary}
    unary   := not unary | ( or ) | atom
    atom    := FIELDS [not] in SETS | length(SETS ∩ FIELDS) CMP NUMBER | SCALAR CMP NUMBER
    FIELDS  := FIELD | {FIELD, ...}
    SETS    := SET | {SET, ...}

Keywords, fields, scalars, MCC and CC are not case sensitive; set numbers are exact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from grouper.rules.nodes import And, Compare, Comparison, Constant, CountIn, Field, InSets, Not, Or, Rule, Scalar

MAX_DEPTH = 100  # brackets and `not` inside each other; published schemes need 3
KEYWORDS = frozenset({"and", "or", "not", "in", "length"})
LEVELS = ("MCC", "CC")

_COMPARISONS = {c.value: c for c in Comparison} | {"==": Comparison.EQ, "<>": Comparison.NE}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<name>[^\W\d][\w.\-]*)
      | (?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))
      | (?P<comparison><=|>=|==|!=|<>|<|>|=)
      | (?P<mark>[(){},∩])
      | (?P<odd>\S)
    )""",
    re.VERBOSE,
)
_LOOKALIKES = str.maketrans("（）｛｝，＜＞＝、≤≥≠", "(){},<>=,<>!")


class RuleSyntaxError(ValueError):
    """A rule that cannot be read; `text` is the rule, `column` the 1-based place in it, `problem` what is wrong."""

    def __init__(self, problem: str, text: str, column: int) -> None:
        """Show the place with the text around it."""
        self.problem, self.text, self.column = problem, text, column
        around = text[max(0, column - 31) : column - 1] + "»" + text[column - 1 : column + 29]
        super().__init__(f"{problem} at column {column} of the rule: {around}")

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the parts when an error crosses a process border."""
        return RuleSyntaxError, (self.problem, self.text, self.column)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # name, number, comparison, mark, end
    text: str
    column: int

    @property
    def keyword(self) -> str:
        """The keyword it is, or ''."""
        lower = self.text.lower()
        return lower if self.kind == "name" and lower in KEYWORDS else ""


@lru_cache(maxsize=1 << 13)
def parse_rule(text: str) -> Rule:
    """Read a rule, each text once. An empty rule is true; a number is false only when it is 0.

    Raises:
        RuleSyntaxError: the text is no rule, or is nested deeper than `MAX_DEPTH`.
    """
    parser = _Parser(text)
    if parser.token.kind == "end":
        return Constant(True)
    if parser.token.kind == "number":
        number = Decimal(parser.advance().text)
        parser.expect_end()
        return Constant(number != 0)
    rule = parser.either(0)
    parser.expect_end()
    return rule


def sets_of(rule: Rule) -> Iterator[str]:
    """Names of all code sets a rule asks for, in the order in which they are written, repeats included."""
    if isinstance(rule, InSets | CountIn):
        yield from rule.sets
    elif isinstance(rule, Not):
        yield from sets_of(rule.operand)
    elif isinstance(rule, And | Or):
        for operand in rule.operands:
            yield from sets_of(operand)


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while match := _TOKEN.match(text, place):
        kind = str(match.lastgroup)
        start = match.start(kind)
        if kind == "odd":
            raise RuleSyntaxError(_odd_character(match.group(kind)), text, start + 1)
        yield _Token(kind, match.group(kind), start + 1)
        place = match.end()
    yield _Token("end", "", len(text.rstrip()) + 1)


def _odd_character(character: str) -> str:
    plain = character.translate(_LOOKALIKES)
    hint = f"; write {plain}" if plain != character else ""
    hint = {"≤": "; write <=", "≥": "; write >=", "≠": "; write !="}.get(character, hint)
    return f"unexpected character {character!r}{hint}"


class _Parser:
    """One token of lookahead; each method reads one production and leaves the token after it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._rest = _tokens(text)
        self.token = next(self._rest)

    def advance(self) -> _Token:
        token = self.token
        if token.kind != "end":
            self.token = next(self._rest)
        return token

    def problem(self, message: str, token: _Token | None = None) -> RuleSyntaxError:
        return RuleSyntaxError(message, self.text, (token or self.token).column)

    def found(self) -> str:
        return f"found {self.token.text!r}" if self.token.kind != "end" else "the rule ends here"

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self.problem(f"'and', 'or' or the end expected, {self.found()}")

    def expect(self, text: str) -> None:
        if self.token.kind != "mark" or self.token.text != text:
            raise self.problem(f"{text!r} expected, {self.found()}")
        self.advance()

    def is_mark(self, text: str) -> bool:
        return self.token.kind == "mark" and self.token.text == text

    def either(self, depth: int) -> Rule:
        operands = [self.both(depth)]
        while self.token.keyword == "or":
            self.advance()
            operands.append(self.both(depth))
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def both(self, depth: int) -> Rule:
        operands = [self.unary(depth)]
        while self.token.keyword == "and":
            self.advance()
            operands.append(self.unary(depth))
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def unary(self, depth: int) -> Rule:
        if depth > MAX_DEPTH:
            raise self.problem(f"brackets and 'not' are nested deeper than {MAX_DEPTH} levels")
        if self.token.keyword == "not":
            self.advance()
            return Not(self.unary(depth + 1))
        if self.is_mark("("):
            self.advance()
            inner = self.either(depth + 1)
            self.expect(")")
            return inner
        return self.atom()

    def atom(self) -> Rule:
        if self.token.keyword == "length":
            return self.count()
        if self.is_mark("{"):
            return self.membership()
        if self.token.kind == "name" and not self.token.keyword:
            upper = self.token.text.upper()
            if upper in Scalar.__members__:
                self.advance()
                return Compare(Scalar(upper), *self.comparison())
            if upper in Field.__members__:
                return self.membership()
            raise self.problem(f"unknown field {self.token.text!r}; fields are {', '.join((*Field, *Scalar))}")
        raise self.problem(f"a condition expected, {self.found()}")

    def membership(self) -> Rule:
        fields = self.fields()
        negated = self.token.keyword == "not"
        if negated:
            self.advance()
        if self.token.keyword != "in":
            raise self.problem(f"'in' expected, {self.found()}")
        self.advance()
        names = self.listed(self.set_name)
        levels = tuple(level for level in LEVELS if any(t.text.upper() == level for t in names))
        if levels and set(fields) != {Field.QTZD}:
            place = next(t for t in names if t.text.upper() in LEVELS)
            raise self.problem(f"{place.text} may stand only after 'QTZD in' or 'QTZD not in'", place)
        sets = tuple(t.text for t in names if t.text.upper() not in LEVELS)
        return InSets(fields, sets, levels, negated)

    def count(self) -> Rule:
        self.advance()
        self.expect("(")
        names = self.listed(self.set_name)
        for name in names:
            if name.text.upper() in LEVELS:
                raise self.problem(f"{name.text} may stand only after 'QTZD in' or 'QTZD not in'", name)
        self.expect("∩")
        fields = self.fields()
        self.expect(")")
        return CountIn(tuple(t.text for t in names), fields, *self.comparison())

    def comparison(self) -> tuple[Comparison, Decimal]:
        if self.token.kind != "comparison":
            raise self.problem(f"a comparison (< <= > >= = !=) expected, {self.found()}")
        sign = _COMPARISONS[self.advance().text]
        if self.token.kind != "number":
            raise self.problem(f"a number expected, {self.found()}")
        return sign, Decimal(self.advance().text)

    def fields(self) -> tuple[Field, ...]:
        return tuple(Field(token.text.upper()) for token in self.listed(self.field_name))

    def field_name(self) -> _Token:
        if self.token.kind != "name" or self.token.text.upper() not in Field.__members__:
            raise self.problem(f"one of {', '.join(Field)} expected, {self.found()}")
        return self.advance()

    def set_name(self) -> _Token:
        if self.token.kind != "name" or self.token.keyword:
            raise self.problem(f"the number of a code set expected, {self.found()}")
        return self.advance()

    def listed(self, one: Callable[[], _Token]) -> list[_Token]:
        """One name, or several in braces."""
        if not self.is_mark("{"):
            return [one()]
        self.advance()
        names = [one()]
        while self.is_mark(","):
            self.advance()
            names.append(one())
        self.expect("}")
        return names
