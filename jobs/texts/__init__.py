"""Texts in each language: names, numbers, reasons, checks, the model card."""
