"""A demo district of our own: public names of streets and communities, our own sketch of a map, fictional people."""
