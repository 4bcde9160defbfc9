"""For instructors: hand out the problem sets, grade them, give feedback.

`checks` is what the test cells of a problem set import, and needs nothing but torch. The commands
beside it (`release`, `grade`) need nbgrader, and are not imported here.
"""
