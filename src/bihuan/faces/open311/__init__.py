"""Open311 GeoReport v2: the loop for the clients of other cities. docs/reference/open311.md says what it does."""
