"""Sphinx settings: MyST pages in the Furo theme; the build fails on any warning."""

project = "Guildhall"
author = "The Guildhall authors"
copyright = "The Guildhall authors, Apache-2.0"

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "changelog.d"]
nitpicky = True

html_theme = "furo"
html_title = "Guildhall"
html_copy_source = False
html_show_sphinx = False
