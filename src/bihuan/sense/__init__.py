"""What the district senses. So far: suggestions for the desk, a category by the text of a report."""
