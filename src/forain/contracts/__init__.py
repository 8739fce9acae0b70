"""What the outside must offer: Protocols and data, no code that does anything."""
