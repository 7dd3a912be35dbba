"""Sphinx configuration: sphinx-build -W -b html docs docs/_build/html."""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE / "_ext")]
os.environ.setdefault("OMP_NUM_THREADS", "1")

from names import write_inventories  # noqa: E402

import sklearn_labelmodel  # noqa: E402  (of this checkout)
from sklearn_labelmodel._utils.pages import DOCS  # noqa: E402

project = "sklearn_labelmodel"
author = copyright = "the sklearn_labelmodel developers"  # noqa: A001
version = release = sklearn_labelmodel.__version__

extensions = [
    "mathml",
    "myst_parser",
    "names",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "auto_examples/GALLERY_HEADER.rst"]
templates_path = ["_templates"]
default_role = "literal"
nitpicky = True
intersphinx_mapping = write_inventories(HERE / "generated" / "inventories")
myst_heading_anchors = 2

html_baseurl = DOCS
html_title = project
html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_theme_options = {
    "article_header_start": ["breadcrumbs"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navigation_with_keys": False,
    "pygments_dark_style": "a11y-dark",
    "pygments_light_style": "a11y-high-contrast-light",
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
}
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"
numpydoc_xref_aliases = {
    "Axes": "matplotlib.axes.Axes",
    "DataFrame": "pandas.DataFrame",
    "RandomState": "numpy.random.RandomState",
    "Series": "pandas.Series",
    "array-like": ":term:`sklearn:array-like`",
    "estimator": ":term:`sklearn:estimator`",
    "ndarray": "numpy.ndarray",
} | {name: f"sklearn_labelmodel.{name}" for name in sklearn_labelmodel.__all__}

sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "examples"),
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"plot_",
    "ignore_pattern": r"(^|.*[\\/])(?!plot_)[^\\/]*\.py$",
    "within_subsection_order": "ExampleTitleSortKey",
    "abort_on_example_error": True,
    "capture_repr": ("_repr_html_",),
    "doc_module": ("sklearn_labelmodel",),
    "backreferences_dir": "generated/backreferences",
    "show_signature": False,
    "download_all_examples": False,
    "write_computation_times": False,
    "copyfile_regex": r"^$",
}


def _escape_trailing_underscores(app, what, name, obj, options, lines):  # noqa: ARG001
    """Keep Sphinx from reading fitted attributes, such as n_iter_ in a shape, as links."""
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            head, colon, rest = line.partition(" : ")
            text = re.sub(r"(?<=[( ])([a-z]\w*)_(?=[,. )]|$)", r"\1\\_", rest if colon else head)
            lines[number] = f"{head}{colon}{text}" if colon else text


def setup(app):
    """Connect what docstrings need."""
    app.connect("autodoc-process-docstring", _escape_trailing_underscores, priority=100)
