"""`python -m lakehunt` is the command line."""

from lakehunt.cli import main

main()
