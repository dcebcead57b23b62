"""Why a benchmark ends without a result."""


class BenchFailed(OSError):
    """Something that is measured did not do its work, so no figure of the run can be trusted."""
