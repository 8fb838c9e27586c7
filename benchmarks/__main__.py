"""`make bench`: every claim about speed and memory, as ratios measured in one run.

python -m benchmarks                    everything
python -m benchmarks landing text       some of it
python -m benchmarks --small            a tenth of the size
"""

import argparse
from collections.abc import Callable

from benchmarks import build, events, landing, lifetime_value, nightly, text


def main() -> None:
    """Run the chosen benchmarks and print one table each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[], help="which; all by default")
    parser.add_argument("--small", action="store_true", help="a tenth of the size")
    arguments = parser.parse_args()
    scale = 10 if arguments.small else 1
    benchmarks: dict[str, Callable[[], object]] = {
        "landing": lambda: [
            landing.run(1_000_000 // scale),
            landing.run(10_000_000 // scale),
        ],
        "text": lambda: [text.run(2_000_000 // scale)],
        "lifetime_value": lambda: lifetime_value.run(1_000_000 // scale),
        "events": lambda: events.run(1_500 // scale),
        "build": lambda: build.run(200 // scale),
        "nightly": lambda: [nightly.run()],
    }
    for name in arguments.names or benchmarks:
        print(f"\n{name}")
        rows = benchmarks[name]()
        assert isinstance(rows, list)
        for row in rows:
            for key, value in row.items():
                shown = (
                    f"{value:,.2f}"
                    if isinstance(value, float)
                    else f"{value:,}"
                    if isinstance(value, int)
                    else value
                )
                print(f"  {key:<32} {shown:>16}")
            print()


if __name__ == "__main__":
    main()
