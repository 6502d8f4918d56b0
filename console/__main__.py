"""Lets `python -m console` be the command line."""

from console.cli.main import main

if __name__ == "__main__":
    main()
