"""A gate on real wires at a desk: an OSDP reader and a door controller, each at the end of a pseudo terminal."""
