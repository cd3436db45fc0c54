"""Plan files: the bundled ones, and the checking of any plan file."""
