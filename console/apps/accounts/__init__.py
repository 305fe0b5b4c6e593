"""Accounts, their roles and the regions that each may see."""
