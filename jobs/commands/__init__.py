"""The commands: parse options, call a step, print, exit."""
