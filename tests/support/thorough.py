"""Tests that say more of the same, each in minutes: they run when somebody asks for them."""

from __future__ import annotations

import os

import pytest

THOROUGH = bool(os.environ.get("HASIVU_PLAY_THOROUGH"))
thorough = pytest.mark.skipif(not THOROUGH, reason="takes minutes; set HASIVU_PLAY_THOROUGH=1 to run it")
