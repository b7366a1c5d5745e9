"""What the district senses. So far: suggestions for the desk, and detectors of more than chance in counts."""
