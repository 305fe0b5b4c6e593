"""A jurisdiction's settings and source mappings."""
