"""Working on the next items while the caller is still busy with the last one.

For functions that spend their time outside Python's lock, as polars and Arrow do.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def mapped_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Iterator[Result]:
    """The function's results in the order of the items, which are drawn by the caller's thread.

    As many items as there are workers are drawn ahead, so that memory stays bounded.

    Raises:
        Exception: whatever the function raises, when its item's turn comes.
    """
    with ThreadPoolExecutor(workers) as pool:
        working: deque[Future[Result]] = deque()
        for item in items:
            working.append(pool.submit(function, item))
            if len(working) > workers:
                yield working.popleft().result()
        while working:
            yield working.popleft().result()
