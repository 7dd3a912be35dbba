"""Where the documentation of this package is found."""

# The address of the documentation: what links to it, in notebooks and reports, starts with it.
DOCS = "https://sklearn-labelmodel.readthedocs.io/en/stable/"


class HasPage:
    """Lead from an estimator's "?" in a notebook to its page in the reference."""

    _doc_link_module = "sklearn_labelmodel"
    _doc_link_template = DOCS + "generated/sklearn_labelmodel.{estimator_name}.html"
