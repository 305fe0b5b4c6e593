"""The day's list as a page, a table or a printed list; reads the lake and the manifests, writes nothing."""
