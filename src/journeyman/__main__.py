"""`python -m journeyman` is `journeyman`."""

from journeyman.interfaces.cli.main import main

if __name__ == "__main__":
    main()
