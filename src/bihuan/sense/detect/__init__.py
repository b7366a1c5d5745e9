"""Detectors: what in a series of counts is more than chance. Arrays in, arrays out; nothing is looked up or stored."""
