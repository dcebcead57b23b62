"""What follows the log, or the clock, and runs commands: whatever nobody asks for, and has to happen."""
