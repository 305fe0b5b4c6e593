"""What analysts open the lake with, and what their notebooks use; it reads and never writes."""
