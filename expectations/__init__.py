"""The contract of every table, and the checks of data against contracts."""
