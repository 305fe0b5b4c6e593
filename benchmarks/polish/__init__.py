"""Measure how well the candidates predict bankruptcies from financial ratios, against plain boosting, on public data."""
