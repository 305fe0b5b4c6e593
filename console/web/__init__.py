"""The web pages and the API: views, queries, forms, templates."""
