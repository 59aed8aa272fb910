"""Other packages, each used as its users use it, on a site of its own with the one line swapped.

`tests/test_ecosystem.py` runs each folder in a process of its own, under its own settings.
"""
