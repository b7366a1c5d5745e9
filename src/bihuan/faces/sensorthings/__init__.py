"""OGC SensorThings API 1.1, the sensing part: register what senses, post observations, read both. Of one's own unit."""
