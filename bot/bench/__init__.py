"""A file of questions asked and graded."""
