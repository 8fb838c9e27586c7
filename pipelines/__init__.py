"""The pipeline: exports in, validated lake files and a published warehouse out."""

import os

# polars and Arrow read these when they are loaded, which is after this package. By default they
# give freed memory back at once, and the next batch, as large as the last, pays to take it again.
for _name, _value in {
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:10000,muzzy_decay_ms:10000",  # polars
    "MIMALLOC_PURGE_DELAY": "10000",  # Arrow, in milliseconds
}.items():
    os.environ.setdefault(_name, _value)
