"""Lists of orders as they were: the versions that later ones replaced, and pages merged from them and from the view."""
