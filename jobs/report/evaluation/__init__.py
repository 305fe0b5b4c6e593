"""An evaluation as a page and in the terminal; reads the figures that were kept, and reckons none anew."""
