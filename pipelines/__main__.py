"""The command `cx`, from its first moment: also `python -m pipelines`."""

from pipelines.start import loading


def main() -> None:
    """Load the commands and run one."""
    with loading():
        from pipelines import cli
    cli.main()


if __name__ == "__main__":
    main()
