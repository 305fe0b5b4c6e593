"""Published code hierarchies, as data: industries (GB/T 4754) and regions (GB/T 2260). The package imports nothing."""
