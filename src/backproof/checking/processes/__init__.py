"""Candidates in processes of their own: a worker for each file, a fork for each candidate."""
