"""How well the anomaly score finds known anomalies, beside scikit-learn's isolation forest: ``python -m benchmarks.anomaly``."""
