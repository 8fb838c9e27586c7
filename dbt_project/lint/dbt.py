"""What dbt's cross-database macros look like to sqlfluff, which renders templates without dbt.

Belongs here: one function for each `dbt.` macro that models use, giving SQL of the same shape.
"""


def _call(name: str, *arguments: object) -> str:
    return f"{name}({', '.join(str(argument) for argument in arguments)})"


def date_trunc(part: str, date: object) -> str:
    """The start of the date's month, year, …."""
    return _call("date_trunc", f"'{part}'", date)


def dateadd(part: str, interval: object, date: object) -> str:
    """The date moved by so many parts."""
    return _call("dateadd", f"'{part}'", interval, date)


def datediff(first: object, second: object, part: str) -> str:
    """The parts between two dates."""
    return _call("date_diff", f"'{part}'", first, second)


def last_day(date: object, part: str) -> str:
    """The last day of the date's month, year, …."""
    return _call("last_day", date, f"'{part}'")


def hash(text: object) -> str:
    """A digest of the text."""
    return _call("md5", text)


def concat(fields: list[str]) -> str:
    """The texts one after the other."""
    return " || ".join(fields)


def safe_cast(value: object, kind: str) -> str:
    """The value as another type, NULL where it is none."""
    return f"try_cast({value} as {kind})"


def generate_series(upper_bound: int) -> str:
    """A query of the whole numbers from 1, in a column `generated_number`."""
    return "select generated_number from generated_numbers"
