"""Compare the anomaly score with scikit-learn's isolation forest on known anomalies: ``python -m benchmarks.anomaly``."""
