"""The pieces of work of a run, each with what is to be reached (a function of the stage and the report)."""
