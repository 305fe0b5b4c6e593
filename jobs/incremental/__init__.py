"""State that is carried from day to day, and the rules that say which tables are current.

- Is silver what the batch books say? :mod:`~jobs.incremental.consistency`
- Which state is stored, and which entities changed since it was written? :mod:`~jobs.incremental.entity_state`
- Is this table current? :mod:`~jobs.incremental.staleness`
- Which class did an entity have before? :mod:`~jobs.incremental.previous_classes`
"""
