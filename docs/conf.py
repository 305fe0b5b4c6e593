"""Settings of the documentation site: ``make docs-site`` builds it into ``build/docs`` without any request to the network."""

from __future__ import annotations

project = "Steelyard (衡鉴)"
author = "the Steelyard contributors"
copyright = "the Steelyard contributors"
language = "en"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["Thumbs.db", ".DS_Store"]

# Headings get the anchors that GitHub gives them, so a link works in both places.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline"]
suppress_warnings = ["misc.highlighting_failure"]  # a shortened listing is not always valid in its language

html_theme = "furo"
html_title = "Steelyard"
html_static_path = ["_static"]
html_css_files = ["steelyard.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"source_repository": "", "footer_icons": []}
