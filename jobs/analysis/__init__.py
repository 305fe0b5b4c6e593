"""What analysts open the lake with, and what their notebooks stand on; it reads and never writes."""
