"""What the DAG files share. It imports the standard library and Airflow alone: the work is done by the command line."""
