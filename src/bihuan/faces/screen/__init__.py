"""The wall screen and the boards: the district at a glance, each number with its denominator and its cases."""
