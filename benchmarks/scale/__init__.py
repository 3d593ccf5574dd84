"""What limits training on many devices: collectives counted in compiled programs, the rest by calculation."""
