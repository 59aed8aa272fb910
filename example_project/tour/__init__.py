"""A way through the example in a browser: walked by the tests, and with a camera for the docs.

Needs Playwright and a Chromium, by default the one on the ``PATH``; the variable CHROMIUM names
another.
"""
