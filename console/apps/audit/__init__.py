"""The audit: who did what, in a hash chain that shows every later change."""
