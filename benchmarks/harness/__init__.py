"""Measure commands, generate input worlds, and describe the machine."""
