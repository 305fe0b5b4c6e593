"""The console's verbs of the command line."""
