"""The test files that take longest. They run first, so that no worker is left with one of them at the end."""

LONGEST_FIRST = (
    "dags/test_dag_chain.py",
    "notebooks/test_notebooks.py",
    "chicago/test_chicago.py",
    "dags/test_dag_runs.py",
    "dags/test_real_steps.py",
    "benchmarks/test_same_features.py",
    "replay/test_replay.py",
    "jobs/transforms/test_oracle.py",
    "jobs/lake/test_home_of_before.py",
    "replay/test_between_steps.py",
    "day/test_inconsistent_silver.py",
    "day/test_properties.py",
    "day/test_damage.py",
    "day/test_rerun.py",
    "day/test_hostile_values.py",
    "day/test_golden_day.py",
)


def run_order(path: str) -> int:
    """The sort key of a file by its path in the folder of tests; files not in the list come last."""
    return LONGEST_FIRST.index(path) if path in LONGEST_FIRST else len(LONGEST_FIRST)
