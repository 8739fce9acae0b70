"""Values and decisions: pure, standard library only. Nothing here reads a clock, a file or a socket."""
