"""`python -m journeyman` is `journeyman`."""

import sys


def main() -> None:
    """Run the command line; a hook, which hosts start each time that an agent stops, without loading all of it."""
    words, data_dir = sys.argv[1:], ""
    if words[:1] == ["--data-dir"] and len(words) > 1:  # as an installed hook is called where records lie elsewhere
        data_dir, words = words[1], words[2:]
    if words[:2] == ["guard", "hook"] and not any(word.startswith("-") for word in words[2:]):
        from journeyman.interfaces.cli.guard import hook_entry  # noqa: PLC0415  # each is loaded alone
        from journeyman.stores.data_folder import tenant_folder  # noqa: PLC0415  # as above

        hook_entry.main(words[2:], tenant_folder(data_dir))
        return
    try:
        from journeyman.interfaces.cli import main as command_line  # noqa: PLC0415  # as above
    except KeyboardInterrupt:  # while it loads, nothing of ours is there yet that could say so
        sys.exit(130)

    command_line.main()


if __name__ == "__main__":
    main()
