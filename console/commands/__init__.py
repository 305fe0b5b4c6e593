"""The console's commands of the command line."""
