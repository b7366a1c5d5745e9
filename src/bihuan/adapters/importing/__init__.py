"""Files of other systems: read within limits, mapped to cases, taken in slice by slice."""
