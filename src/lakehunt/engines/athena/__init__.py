"""The engine that runs statements on Amazon Athena: `engine` runs, the others are its parts."""
