"""The verbs of the command line: parse options, call a step, print, exit."""
