"""Appeals: what a business objects to, and the answer of somebody who had no part in it."""
