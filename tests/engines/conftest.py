import pytest

# Every engine here speaks Arrow.
pytest.importorskip("pyarrow")
