"""How well the candidates tell bankruptcies from financial ratios, against plain boosting, on public data."""
