"""`python -m journeyman` is `journeyman`."""

import sys


def main() -> None:
    """Run the command line; a hook, which hosts start each time that an agent stops, without loading all of it."""
    if sys.argv[1:3] == ["guard", "hook"] and not any(word.startswith("-") for word in sys.argv[3:]):
        from journeyman.interfaces.cli.guard import hook_entry  # noqa: PLC0415  # each is loaded alone

        hook_entry.main(sys.argv[3:])
        return
    try:
        from journeyman.interfaces.cli import main as command_line  # noqa: PLC0415  # as above
    except KeyboardInterrupt:  # while it loads, nothing of ours is there yet that could say so
        sys.exit(130)

    command_line.main()


if __name__ == "__main__":
    main()
