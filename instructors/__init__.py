"""For instructors: hand out the problem sets, grade them, give feedback.

`make release` runs `release`, `make grade` runs `grade`. What the test cells of a problem set ask
with is the package's `densenet_lesson.checks`; nothing here travels to students.
"""
