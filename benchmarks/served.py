"""What a server serves: a site that is up, with a visitor who is logged in.

``BENCH_HEADERS`` names the file that is told what the visitor's requests have to have. The login
is made in the server's process, where a cache of its memory has it.
"""

import json
import os
from pathlib import Path

from .contender import contender

contender().be_fresh()
wsgi, asgi = contender().wsgi, contender().asgi

# As behind a proxy that ends https.
headers = {**contender().headers, "x-forwarded-proto": "https"}
Path(os.environ["BENCH_HEADERS"]).write_text(json.dumps(headers))
