"""Names of this and other packages lead to their pages, also where they are plain code.

The names of other packages that our pages speak of are listed in docs/inventories, so that a build needs no network.
"""

import zlib
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms.post_transforms import SphinxPostTransform

import sklearn_labelmodel

LISTS = Path(__file__).parents[1] / "inventories"
HOMES = {
    "matplotlib": "https://matplotlib.org/stable/",
    "numpy": "https://numpy.org/doc/stable/",
    "pandas": "https://pandas.pydata.org/docs/",
    "python": "https://docs.python.org/3/",
    "scipy": "https://docs.scipy.org/doc/scipy/",
    "sklearn": "https://scikit-learn.org/stable/",
    "torch": "https://docs.pytorch.org/docs/stable/",
}
# None has no page; "array" is a word for much else.
NO_LINK = {"sklearn_labelmodel.ABSTAIN", "numpy.array"}
HEADER = (
    "# Sphinx inventory version 2\n# Project: {}\n# Version: \n# The rest is compressed by zlib.\n"
)


def listed(package):
    """The lines of a package's list: name, kind of object, page."""
    lines = (LISTS / f"{package}.txt").read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines]


def write_inventories(folder):
    """Write the lists as Sphinx inventories; return what intersphinx wants to know of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in HOMES:
        body = "".join(f"{name} {kind} 1 {page} -\n" for name, kind, page in listed(package))
        content = HEADER.format(package).encode() + zlib.compress(body.encode())
        (folder / f"{package}.inv").write_bytes(content)
    return {package: (home, str(folder / f"{package}.inv")) for package, home in HOMES.items()}


def known_names():
    """Names as pages write them, GridSearchCV or sklearn.model_selection.GridSearchCV, and what they are short for."""
    own = [f"sklearn_labelmodel.{name}" for name in sklearn_labelmodel.__all__]
    packages = [package for package in HOMES if package != "python"]
    others = [name for package in packages for name, kind, _ in listed(package) if "py:" in kind]
    full_names = [name for name in own + others if name not in NO_LINK]
    return {short: name for name in full_names for short in (name, name.rpartition(".")[2])}


class LinkNames(SphinxPostTransform):
    """Turn code that is nothing but a known name into a link."""

    default_priority = 5
    names = known_names()

    def run(self):
        """Look at every piece of code in a line of text, but for headings and links."""
        for node in list(self.document.findall(nodes.literal)):
            target = self.names.get(node.astext())
            if target and not isinstance(node.parent, (nodes.title, nodes.reference, pending_xref)):
                node.replace_self(self.link(target, node))

    def link(self, target, node):
        """Return a reference to the target that looks like the node."""
        options = {"refdomain": "py", "reftype": "obj", "reftarget": target, "refexplicit": True}
        link = pending_xref("", refdoc=self.env.docname, refwarn=True, **options)
        link += node.deepcopy()
        return link


def setup(app):
    """Link names once a page has been read."""
    app.add_post_transform(LinkNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
