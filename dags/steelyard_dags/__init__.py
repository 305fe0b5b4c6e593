"""Shared code of the DAG files. It imports only the standard library and Airflow; the command line does the work."""
