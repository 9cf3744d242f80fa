"""Drills: malformed files, and kills at any moment. Short forms run with the tests, `make drill` runs the long ones."""

import os

LONG = os.environ.get("ITDR_DRILL") == "long"
