"""Drills (演练): a plan is played on the live kernel, in a world and on a clock of its own.

``script``: what is to happen, as a file · ``players``: what those do whom nobody plays · ``engine``: time goes on, and
what is due happens · ``scoring``: what was expected against what happened · ``after``: the report, made by itself ·
``reach``: who would be reached before anything begins.
"""
