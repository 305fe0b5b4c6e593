"""Who works here: accounts, roles, and the regions that each may see."""
