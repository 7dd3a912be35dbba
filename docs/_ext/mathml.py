"""Formulas as MathML: browsers draw it by themselves, without a script, a picture or a network."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert


def visit_math(translator, node):
    """Write a formula in a line of text."""
    translator.body.append(convert(" ".join(node.astext().split())))
    raise SkipNode


def visit_math_block(translator, node):
    """Write a formula on a line of its own, which scrolls where it is wider than the page."""
    formula = convert(" ".join(node.astext().split()), display="block")
    translator.body.append(f'<div class="formula" tabindex="0">{formula}</div>\n')
    raise SkipNode


def setup(app):
    """Make it the way in which HTML pages show formulas, under the name "mathml"."""
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(visit_math, None),
        block_renderers=(visit_math_block, None),
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
