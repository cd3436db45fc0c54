"""Setting consultations up on pages: the same plan files, and the same checks, as from a shell."""
