"""One module for each screen: each reads, and answers with a template."""
