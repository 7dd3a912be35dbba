"""Regular expressions on texts that are made to take years."""

import re
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from sklearn_labelmodel import LabelingFunctions, RegexLF

# Each sign more takes twice the time: this would outlive the sun.
ENDLESS = "a" * 300 + "b"
PATTERN = "(a|aa)+$"
TEXTS = pd.Series(["aaa", ENDLESS, None, "b", ENDLESS, "baa"])
LIMITED = RegexLF(PATTERN, label=1, timeout=0.2, name="limited")


def test_a_search_that_takes_too_long_names_the_rule_and_row():
    with pytest.raises(
        ValueError,
        match=r"^RegexLF 'limited' searches longer than timeout=0\.2 seconds in row 1 .*such rows: 2",
    ) as raised:
        LIMITED(TEXTS)
    assert raised.value.rows.tolist() == [False, True, False, False, True, False]


def test_rows_that_take_too_long_abstain_where_errors_do():
    labeler = LabelingFunctions([LIMITED], on_error="abstain")
    with pytest.warns(UserWarning, match=r"'limited' on 2 of 6 rows \(first .* at row 1"):
        votes = labeler.transform(TEXTS)
    assert votes.ravel().tolist() == [1, None, None, None, None, 1]


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        ("WIN", re.IGNORECASE),
        (r"^\w+$", re.ASCII | re.MULTILINE),
        ("a.b", re.DOTALL),
        ("w i n  # a word", re.VERBOSE),
        (re.compile("WIN", re.IGNORECASE), 0),
        (r"(?i)stra\u00dfe|\bk\b", 0),
        (r"[a|w]+\]", 0),
    ],
)
def test_with_a_limit_the_same_texts_match(pattern, flags):
    texts = [
        "win",
        "Win",
        "\u00e9t\u00e9\nwin",
        "\u00e9t\u00e9",
        "a\nb",
        "STRASSE",
        "Stra\u00dfe",
        "\u212a",
        "[w]",
        "w]",
        "",
    ]
    limited = RegexLF(pattern, label=1, flags=flags, timeout=60)
    np.testing.assert_array_equal(limited(texts), RegexLF(pattern, label=1, flags=flags)(texts))


@pytest.mark.parametrize("timeout", [0, -1.0, "1", np.nan])
def test_a_limit_that_is_none_is_refused(timeout):
    with pytest.raises(ValueError, match="timeout is a number of seconds above 0, not "):
        RegexLF("a", label=1, timeout=timeout)(["a"])


@pytest.mark.slow
def test_without_regex_the_error_says_what_to_install():
    script = """
        import sys
        sys.modules["regex"] = None
        from sklearn_labelmodel import RegexLF
        assert RegexLF("a", label=1)(["a"]).tolist() == [1]
        try:
            RegexLF("a", label=1, timeout=1)(["a"])
        except ImportError as error:
            assert "pip install 'regex>=2024.4.16'" in str(error), error
        else:
            raise SystemExit(1)
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(script)]).returncode == 0
