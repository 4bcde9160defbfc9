"""What maintainers run, and what the book and the instructors' commands share of it."""
